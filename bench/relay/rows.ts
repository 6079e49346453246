/** What was measured of one system in one scenario. */
import { spreadOf } from '../spread.ts';
import type { Spread } from '../spread.ts';
import type { Capacity } from './capacity.ts';
import { errorsOf } from './load.ts';
import type { LoadResult } from './load.ts';

/** One line of the results. The first eight fields are what other programs may rely on. */
export interface Row {
  system: string;
  /** Name of the scenario; at the fixed rate with that behind it. */
  scenario: string;
  /** CPU µs of all threads of the server for each message that a receiver got. Null: nothing arrived, or idle. */
  cpu_us_per_delivery: number | null;
  deliveries_per_s: number | null;
  p50_us: number | null;
  p99_us: number | null;
  /** CPU time of the generator by wall time: near 1 it is what limits the figures. */
  generator_utilisation: number | null;
  /** Messages lost, repeated, out of order, changed or in a foreign room, and connections lost; runs that failed. */
  errors: number;
  first_error: string | null;
  p999_us: number | null;
  /** Least and most of the rounds. */
  cpu_us_spread: [least: number, most: number] | null;
  p99_us_spread: [least: number, most: number] | null;
  /** Deliveries a second that the fixed rate asks for. */
  offered_per_s: number | null;
  /** Resident bytes that an idle connection adds to the server. */
  idle_bytes: number | null;
  rounds: number;
  /** Of the scenarios of capacity alone. */
  capacity?: Capacity;
}

/** Above it a row says more of the generator than of the server. */
export const GENERATOR_LIMIT = 0.95;
/** A server that delivers less than this of what the fixed rate asks for does not keep up. */
export const KEEPS_UP = 0.97;

/** Whether the generator, not the server, is what limits this row. */
export const generatorLimits = (row: Row): boolean => (row.generator_utilisation ?? 0) >= GENERATOR_LIMIT;

export const fallsBehind = (row: Row): boolean =>
  row.offered_per_s !== null && (row.deliveries_per_s ?? 0) < KEEPS_UP * row.offered_per_s;

/** The runs of one system in one scenario: what the generator said, or why there is nothing. */
export type Run = { kind: 'measured'; result: LoadResult } | { kind: 'failed'; reason: string };

const median = (values: readonly number[]): number | null =>
  values.length === 0 ? null : spreadOf(values).median;
const firstLine = (text: string | null | undefined): string | null => text?.split('\n', 1)[0] ?? null;
const ends = ({ least, most }: Spread): [number, number] => [least, most];

/** Medians over the rounds; errors are added up, and a failed run is one. */
export function rowOf(
  system: string,
  scenario: string,
  runs: readonly Run[],
  offered_per_s: number | null = null,
): Row {
  const results = runs.flatMap((run) => (run.kind === 'measured' ? [run.result] : []));
  const failures = runs.flatMap((run) => (run.kind === 'failed' ? [run.reason] : []));
  const delivering = results.filter(({ deliveries }) => deliveries > 0);
  const cpu = delivering.map(({ server_cpu_s, deliveries }) => (server_cpu_s * 1e6) / deliveries);
  const p99 = delivering.map(({ p99_us }) => p99_us);
  const wrong = results.find((result) => errorsOf(result) > 0)?.first_error;
  return {
    system,
    scenario,
    cpu_us_per_delivery: median(cpu),
    deliveries_per_s: median(results.map(({ deliveries, seconds }) => deliveries / seconds)),
    p50_us: median(delivering.map(({ p50_us }) => p50_us)),
    p99_us: median(p99),
    generator_utilisation: median(results.map(({ generator_cpu_s, seconds }) => generator_cpu_s / seconds)),
    errors: results.reduce((sum, result) => sum + errorsOf(result), failures.length),
    first_error: firstLine(wrong ?? failures[0]),
    p999_us: median(delivering.map(({ p999_us }) => p999_us)),
    cpu_us_spread: cpu.length === 0 ? null : ends(spreadOf(cpu)),
    p99_us_spread: p99.length === 0 ? null : ends(spreadOf(p99)),
    offered_per_s,
    idle_bytes: null,
    rounds: runs.length,
  };
}

/** The row of a measurement of idle connections. */
export function idleRow(
  system: string,
  scenario: string,
  bytes: readonly number[],
  failures: readonly string[],
): Row {
  return {
    ...rowOf(system, scenario, []),
    idle_bytes: median(bytes),
    errors: failures.length,
    first_error: firstLine(failures[0]),
    rounds: bytes.length,
  };
}
