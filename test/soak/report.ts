/** A soak in lines for people, and as JSON. */
import { type Figures, figuresOf, figuresText } from '../support/load/figures.ts';
import { FAULT_KINDS, type FaultKind, type Ledger } from '../support/load/ledger.ts';
import type { TableSizes } from '../support/load/tables.ts';
import type { Growth } from './checks.ts';
import { repeatCommand, type SoakOptions } from './options.ts';
import type { Series } from './processes.ts';

/** What is known after a soak; the JSON summary. */
export interface Summary {
  passed: boolean;
  repeat: string;
  options: Omit<SoakOptions, 'env'>;
  breaches: readonly string[];
  breaches_in_all: number;
  counts: Ledger['counts'];
  refusals: Ledger['refusals'];
  faults: Partial<Record<FaultKind, number>>;
  /** Time from a fault until a client whom it hit had heard from everybody in its room again. */
  recoveries: Partial<Record<FaultKind, Figures>>;
  tables: { before: TableSizes; under_load: TableSizes; after: TableSizes };
  growth: readonly Growth[];
  database_rss_bytes: { before: number | undefined; after: number | undefined };
  series: readonly Series[];
}

export function recoveries({ recoveries }: Ledger): Summary['recoveries'] {
  const entries = FAULT_KINDS.map((kind) => [kind, figuresOf(recoveries[kind].map(({ ms }) => ms))] as const);
  return Object.fromEntries(entries.filter(([, figures]) => figures !== undefined));
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

function recoveryText(ledger: Ledger): string {
  const texts = Object.entries(recoveries(ledger)).map(
    ([kind, { p50_ms, p95_ms }]) => `${kind} ${p50_ms}/${p95_ms} ms`,
  );
  return texts.length === 0 ? 'none' : texts.join(', ');
}

function memoryText(series: readonly Series[], running: ReadonlySet<number>): string {
  return series
    .filter(({ pid }) => running.has(pid))
    .map(({ name, samples }) => {
      const last = samples.at(-1)!;
      return `${name} ${mebibytes(last.heap_bytes)}/${mebibytes(last.rss_bytes)}${last.sockets === undefined ? '' : `/${last.sockets}`}`;
    })
    .join(', ');
}

function tablesText({ tasks, task_rooms, rooms, clients, keys, quota, others }: TableSizes): string {
  return `${tasks} tasks, ${task_rooms} task rooms, ${rooms} rooms, ${clients} clients, ${keys} keys, ${quota} quota rows, ${others} others`;
}

/** The state of things in a few lines. `running`: pids of the processes that run now. */
export function progress(
  minute: string,
  ledger: Ledger,
  tables: TableSizes,
  series: readonly Series[],
  running: ReadonlySet<number>,
): string {
  const { counts } = ledger;
  const faults = Object.entries(ledger.faultCounts())
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');
  return [
    `${minute} ${ledger.breaches_in_all} breaches; ${ledger.live} clients live; ${counts.rooms_created} rooms, ${counts.joins} joins, ${counts.resumes} resumes, ${counts.answers_lost} answers lost, ${counts.refused} refused, ${counts.seats_gone} seats gone`,
    `      frames ${counts.frames_sent} sent, ${counts.frames_heard} heard, ${counts.frames_missing} missing; faults ${faults}; back p50/p95 ${recoveryText(ledger)}`,
    `      tables ${tablesText(tables)}`,
    `      heap/resident MiB/sockets ${memoryText(series, running)}`,
  ].join('\n');
}

/** How it came out. */
export function verdict(summary: Summary): string {
  const growth = summary.growth.map(
    ({ name, heap_bytes: heap, rss_bytes: rss }) =>
      `  ${name}: heap ${mebibytes(heap.began)} → ${mebibytes(heap.ended)} MiB, resident ${mebibytes(rss.began)} → ${mebibytes(rss.ended)} MiB`,
  );
  const back = Object.entries(summary.recoveries).map(
    ([kind, figures]) => `  ${kind}: ${figuresText(figures)}`,
  );
  const { database_rss_bytes: database } = summary;
  return [
    `tables before: ${tablesText(summary.tables.before)}`,
    `tables under load: ${tablesText(summary.tables.under_load)}`,
    `tables after: ${tablesText(summary.tables.after)}`,
    'memory under load, the lowest of the first and of the last looks, each after a garbage collection:',
    ...(growth.length === 0 ? ['  no process lived long enough to say'] : growth),
    `  database: resident ${mebibytes(database.before ?? 0)} → ${mebibytes(database.after ?? 0)} MiB`,
    'until all clients of the task exchanged frames again:',
    ...(back.length === 0 ? ['  no fault was felt'] : back),
    ...(summary.passed
      ? [`passed; repeat: ${summary.repeat}`]
      : [
          `FAILED with ${summary.breaches_in_all} breaches:`,
          ...summary.breaches.map((breach) => `  - ${breach}`),
          `repeat: ${summary.repeat}`,
        ]),
  ].join('\n');
}

export function summaryOf(
  options: SoakOptions,
  ledger: Ledger,
  parts: Pick<Summary, 'tables' | 'growth' | 'database_rss_bytes' | 'series'>,
): Summary {
  const { env: _, ...told } = options;
  return {
    passed: ledger.breaches_in_all === 0,
    repeat: repeatCommand(options),
    options: told,
    breaches: ledger.breaches,
    breaches_in_all: ledger.breaches_in_all,
    counts: ledger.counts,
    refusals: ledger.refusals,
    faults: ledger.faultCounts(),
    recoveries: recoveries(ledger),
    ...parts,
  };
}
