/** Chaos in lines for people, and as JSON. */
import { type Figures, figuresOf, figuresText } from '../support/load/figures.ts';
import { FAULT_KINDS, type Fault, type FaultKind, type Ledger } from '../support/load/ledger.ts';
import type { Machine } from '../support/load/machine.ts';
import { type ChaosOptions, repeatCommand } from './options.ts';

interface Goal {
  what: string;
  most_ms: number;
  reached_ms: number;
  met: boolean;
}

/** What is known after a run; the JSON summary. */
export interface Summary {
  passed: boolean;
  repeat: string;
  options: Omit<ChaosOptions, 'env'>;
  breaches_in_all: number;
  /** Each with the faults that may have to do with it. */
  breaches: readonly { at: string; sentence: string; faults: readonly string[] }[];
  counts: Ledger['counts'];
  refusals: Ledger['refusals'];
  faults: Ledger['faults'];
  /**
   * Time from a fault until a client of that task had heard from everybody in its room again: where the router and DynamoDB
   * were there, and where one of them was away, too.
   */
  recoveries: Partial<Record<FaultKind, { alone?: Figures; disturbed?: Figures }>>;
  /** While a task drained, how long its clients heard no pose of one another at most, and others meanwhile (see the ledger). */
  pose_gaps: Record<keyof Ledger['pose_gaps'], Figures | undefined>;
  /** Times to aim at on a quiet machine. They say nothing about whether the run has passed. */
  goals: readonly Goal[];
  machine: Machine | undefined;
}

/** Recovery after SIGKILL, and what a drain may take of poses, of 95 of 100. */
const GOALS = { kill_ms: 3_000, pose_gap_ms: 250 };

function recoveriesOf(ledger: Ledger): Summary['recoveries'] {
  const entries = FAULT_KINDS.flatMap((kind) => {
    const all = ledger.recoveries[kind];
    const of = (is_alone: boolean) =>
      figuresOf(all.filter(({ alone }) => alone === is_alone).map(({ ms }) => ms));
    const [alone, disturbed] = [of(true), of(false)];
    return all.length === 0 ? [] : [[kind, { ...(alone && { alone }), ...(disturbed && { disturbed }) }]];
  });
  return Object.fromEntries(entries) as Summary['recoveries'];
}

function goalsOf(recoveries: Summary['recoveries'], { hit }: Summary['pose_gaps']): Goal[] {
  const goal = (what: string, most_ms: number, figures: Figures | undefined): Goal[] =>
    figures === undefined
      ? []
      : [{ what, most_ms, reached_ms: figures.p95_ms, met: figures.p95_ms <= most_ms }];
  return [
    ...goal('recovery after kill -9, p95', GOALS.kill_ms, recoveries.kill?.alone),
    ...goal('gap of poses at a drain, p95', GOALS.pose_gap_ms, hit),
  ];
}

export function summaryOf(options: ChaosOptions, ledger: Ledger, machine?: Machine): Summary {
  const { env: _, ...told } = options;
  const recoveries = recoveriesOf(ledger);
  const { hit, hit_net, others, disturbed } = ledger.pose_gaps;
  const pose_gaps = {
    hit: figuresOf(hit),
    hit_net: figuresOf(hit_net),
    others: figuresOf(others),
    disturbed: figuresOf(disturbed),
  };
  return {
    passed: ledger.breaches_in_all === 0,
    repeat: repeatCommand(options),
    options: told,
    breaches_in_all: ledger.breaches_in_all,
    breaches: ledger.found.map(({ at, sentence }) => ({
      at: ledger.clock(at),
      sentence,
      faults: ledger.timeline(at),
    })),
    counts: ledger.counts,
    refusals: ledger.refusals,
    faults: ledger.faults.map(({ kind, target, at, in_force, until }): Fault => ({
      kind,
      target,
      at,
      in_force,
      until,
    })),
    recoveries,
    pose_gaps,
    goals: goalsOf(recoveries, pose_gaps),
    machine,
  };
}

const faultsText = (ledger: Ledger): string =>
  Object.entries(ledger.faultCounts())
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ') || 'none';

/** The state of things in two lines. */
export function progress(ledger: Ledger): string {
  const { counts: c } = ledger;
  return [
    `${ledger.clock(Date.now())}: ${ledger.breaches_in_all} breaches; ${ledger.live} clients live; ${c.rooms_created} rooms, ${c.joins} joins, ${c.resumes} resumes, ${c.refused} refused, ${c.seats_gone} seats gone, ${c.waited} waited`,
    `  ${c.frames_sent} messages sent, ${c.frames_heard} heard; ${c.poses_sent} poses sent, ${c.poses_heard} heard; faults: ${faultsText(ledger)}`,
  ].join('\n');
}

/** How it came out. */
export function verdict(summary: Summary): string {
  const { counts, recoveries, pose_gaps, goals, machine } = summary;
  const back = Object.entries(recoveries).flatMap(([kind, { alone, disturbed }]) => [
    ...(alone === undefined ? [] : [`  ${kind}: ${figuresText(alone)}`]),
    ...(disturbed === undefined
      ? []
      : [`  ${kind}, with the router or DynamoDB away: ${figuresText(disturbed)}`]),
  ]);
  const gaps = Object.entries({
    'its clients': pose_gaps.hit,
    'its clients, less what the load itself stood still': pose_gaps.hit_net,
    others: pose_gaps.others,
    'whom another fault hit, too': pose_gaps.disturbed,
  }).flatMap(([who, figures]) => (figures === undefined ? [] : [`  ${who}: ${figuresText(figures)}`]));
  const kinds = FAULT_KINDS.flatMap((kind) => {
    const count = summary.faults.filter((fault) => fault.kind === kind).length;
    return count === 0 ? [] : [`${kind} ${count}`];
  });
  const lines = Object.entries(counts).map(([name, count]) => `${name.replaceAll('_', ' ')} ${count}`);
  return [
    `counts: ${lines.join(', ')}`,
    `faults: ${kinds.join(', ') || 'none'}`,
    ...(back.length === 0 ? [] : ['until all clients of the task exchanged frames again:', ...back]),
    ...(gaps.length === 0 ? [] : ['longest time without a pose while a task drained:', ...gaps]),
    ...goals.map(
      ({ what, most_ms, reached_ms, met }) =>
        `goal ${met ? 'met' : 'MISSED'}: ${what}: ${reached_ms} ms of ${most_ms} ms`,
    ),
    ...(machine === undefined
      ? []
      : [
          `this machine: ${machine.cores} cores, load average ${machine.load_average}; timers were late by p99 ${machine.late_p99_ms} ms, at most ${machine.late_most_ms} ms`,
        ]),
    ...(summary.passed
      ? [`passed; repeat: ${summary.repeat}`]
      : [
          `FAILED with ${summary.breaches_in_all} breaches:`,
          ...summary.breaches.flatMap(({ at, sentence, faults }) => [
            `  - ${at}: ${sentence}`,
            ...faults.map((fault) => `      ${fault}`),
          ]),
          `repeat: ${summary.repeat}`,
        ]),
  ].join('\n');
}
