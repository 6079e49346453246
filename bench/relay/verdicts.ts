/** Whether the relay is as fast as it is said to be: a line for each thing that is asked of it. */
import { figure } from '../table.ts';
import type { Row } from './rows.ts';
import { atRate, CAPACITY, IDLE, INSIDE, SCENARIOS } from './scenarios.ts';
import { BASELINE, C_BROKERS, OURS, OURS_V1 } from './systems.ts';

export interface Verdict {
  /** Undefined: what it takes was not measured in this run. */
  held: boolean | undefined;
  text: string;
}

/** How many times our CPU time for a delivery the baseline takes, at saturation: what must be, and what is aimed at. */
const RATIOS: Readonly<Record<string, { least: number; goal: number }>> = {
  '200x2 100B': { least: 1.35, goal: 1.55 },
  '40x10 1KB': { least: 5, goal: 5.9 },
  '1x500 1KB': { least: 3, goal: 4.2 },
  '25x4 16KB': { least: 1.6, goal: 1.85 },
  '40x10 1KB burst': { least: 10, goal: 16 },
};

/** `v1` may take so many times the CPU of `raw`. */
const V1_SHARE = 1.15;
/** KB of an idle connection that are aimed at. */
const IDLE_GOAL_KB = 2.5;
/** A frame leaves an idle relay sooner than that, µs at p50. */
const INSIDE_US = 200;

/** Finds the CPU time for a delivery, or another figure, of a system in a scenario. */
type Lookup = (system: string, scenario: string, field?: NumberField) => number | undefined;
type NumberField = 'cpu_us_per_delivery' | 'p50_us' | 'p99_us' | 'idle_bytes';

function lookupIn(rows: readonly Row[]): Lookup {
  return (system, scenario, field = 'cpu_us_per_delivery') =>
    rows.find((row) => row.system === system && row.scenario === scenario)?.[field] ?? undefined;
}

const unmeasured = (text: string): Verdict => ({ held: undefined, text: `${text}: not measured` });

function ratioVerdict(of: Lookup, scenario: string): Verdict {
  const { least, goal } = RATIOS[scenario]!;
  const asked = `at least ${least}, goal ${goal}`;
  const [ours, theirs] = [of(OURS, scenario), of(BASELINE, scenario)];
  if (ours === undefined || theirs === undefined)
    return unmeasured(`${scenario}: CPU of ${BASELINE} over ours (${asked})`);
  const ratio = theirs / ours;
  return {
    held: ratio >= least,
    text: `${scenario}: ${BASELINE} takes ${figure(ratio)} times our CPU (${asked})`,
  };
}

function v1Verdict(of: Lookup, scenario: string): Verdict {
  const [raw, v1] = [of(OURS, scenario), of(OURS_V1, scenario)];
  if (raw === undefined || v1 === undefined) return unmeasured(`${scenario}: v1 within 15 % of raw`);
  return {
    held: v1 <= V1_SHARE * raw,
    text: `${scenario}: v1 takes ${figure(v1 / raw)} times the CPU of raw (at most ${V1_SHARE})`,
  };
}

/** A peer is every system that is not ours. Without its runtime a broker in C may be ahead in rooms of two. */
function peerVerdict(of: Lookup, rows: readonly Row[], scenario: string): Verdict {
  const ours = of(OURS, scenario);
  const pairs = SCENARIOS.find(({ name }) => name === scenario)!.members === 2;
  const peers = rows.filter(
    (row) =>
      row.scenario === scenario &&
      row.cpu_us_per_delivery !== null &&
      !row.system.startsWith('anteroom') &&
      !row.system.endsWith(' TLS') &&
      // The user brings it; it is neither on npm nor in Debian.
      row.system !== 'uWebSockets.js' &&
      !(pairs && C_BROKERS.includes(row.system)),
  );
  if (ours === undefined || peers.length === 0) return unmeasured(`${scenario}: ahead of each peer`);
  const ahead = peers.filter((row) => row.cpu_us_per_delivery! < ours);
  return ahead.length === 0
    ? { held: true, text: `${scenario}: ahead of ${peers.map(({ system }) => system).join(', ')}` }
    : { held: false, text: `${scenario}: ${ahead.map(({ system }) => system).join(', ')} ahead of us` };
}

function latencyVerdict(of: Lookup, scenario: string): Verdict {
  const [ours, theirs] = [of(OURS, scenario, 'p99_us'), of(BASELINE, scenario, 'p99_us')];
  if (ours === undefined || theirs === undefined)
    return unmeasured(`${scenario}: p99 no worse than ${BASELINE}`);
  return {
    held: ours <= theirs,
    text: `${scenario}: p99 is ${figure(ours)} µs, that of ${BASELINE} ${figure(theirs)} µs (no worse)`,
  };
}

function idleVerdict(of: Lookup): Verdict {
  const [ours, theirs] = [of(OURS, IDLE.name, 'idle_bytes'), of('naive ws', IDLE.name, 'idle_bytes')];
  if (ours === undefined || theirs === undefined) return unmeasured(`${IDLE.name}: memory of a connection`);
  const kb = (bytes: number): string => (bytes / 1_024).toFixed(1);
  return {
    held: ours <= theirs,
    text: `${IDLE.name}: ${kb(ours)} KB a connection, naive ws ${kb(theirs)} KB (no more, goal ${IDLE_GOAL_KB})`,
  };
}

function insideVerdict(of: Lookup, scenario: string): Verdict {
  const us = of(OURS, scenario, 'p50_us')!;
  return {
    held: us < INSIDE_US,
    text: `${scenario}: ${figure(us)} µs from receipt to output at p50 (under ${INSIDE_US})`,
  };
}

/** By what was carried, or extrapolated where the generator was the limit. */
function capacityVerdict(rows: readonly Row[], scenario: string): Verdict {
  const membersOf = (system: string): number | undefined => {
    const found = rows.find((row) => row.system === system && row.scenario === scenario)?.capacity;
    return found?.extrapolated_members ?? found?.members;
  };
  const [ours, theirs] = [membersOf(OURS_V1), membersOf(BASELINE)];
  if (ours === undefined || theirs === undefined)
    return unmeasured(`${scenario}: v1 carries no fewer members than ${BASELINE}`);
  return {
    held: ours >= theirs,
    text: `${scenario}: v1 carries ${figure(ours)} members on a core, ${BASELINE} ${figure(theirs)} (no fewer)`,
  };
}

/** Everything that is asked of the scenarios which `rows` have, held or not. */
export function verdictsOf(rows: readonly Row[]): Verdict[] {
  const of = lookupIn(rows);
  const measured = (name: string): boolean => rows.some(({ scenario }) => scenario === name);
  const names = SCENARIOS.map(({ name }) => name).filter(measured);
  const rated = SCENARIOS.map(({ name }) => atRate(name)).filter(measured);
  return [
    ...names.map((name) => ratioVerdict(of, name)),
    ...names.map((name) => v1Verdict(of, name)),
    ...names.map((name) => peerVerdict(of, rows, name)),
    ...rated.map((name) => latencyVerdict(of, name)),
    ...(measured(IDLE.name) ? [idleVerdict(of)] : []),
    ...INSIDE.map(({ name }) => name)
      .filter(measured)
      .map((name) => insideVerdict(of, name)),
    ...CAPACITY.map(({ name }) => name)
      .filter(measured)
      .map((name) => capacityVerdict(rows, name)),
  ];
}

/** A line for each. */
export function verdictLines(verdicts: readonly Verdict[]): string {
  const mark = ({ held }: Verdict): string => (held === undefined ? '-     ' : held ? 'held  ' : 'MISSED');
  return verdicts.map((verdict) => `${mark(verdict)}  ${verdict.text}`).join('\n');
}
