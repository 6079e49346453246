/** The results as a table for the terminal. */
import { figure, tableOf } from '../table.ts';
import { capacityTables } from './capacity-report.ts';
import { fallsBehind, generatorLimits } from './rows.ts';
import type { Row } from './rows.ts';
import { CAPACITY, IDLE, INSIDE } from './scenarios.ts';
import { BASELINE, overTls } from './systems.ts';

const number = (value: number | null): string => (value === null ? '-' : figure(value));
const range = (spread: readonly [number, number] | null): string =>
  spread === null || spread[0] === spread[1] ? '' : ` (${figure(spread[0])}–${figure(spread[1])})`;

/** What a system is compared with: the baseline, over TLS if it is itself. */
export function baselineOf(system: string): string {
  return system.endsWith(overTls('')) ? overTls(BASELINE) : BASELINE;
}

/** How many times the CPU of `row` the baseline takes in the same scenario. Undefined: not both were measured. */
export function ratioOf(row: Row, rows: readonly Row[]): number | undefined {
  const baseline = rows.find(
    ({ system, scenario }) => system === baselineOf(row.system) && scenario === row.scenario,
  );
  const [own, other] = [row.cpu_us_per_delivery, baseline?.cpu_us_per_delivery];
  return own === null || other === null || other === undefined ? undefined : other / own;
}

function marksOf(row: Row): string {
  return [
    ...(generatorLimits(row) ? ['generator is the limit'] : []),
    ...(fallsBehind(row) ? [`falls behind ${figure(row.offered_per_s!)}/s`] : []),
    ...(row.errors > 0 ? [`${row.errors} errors: ${row.first_error ?? ''}`] : []),
  ].join('; ');
}

const HEAD = [
  'system',
  'CPU µs/delivery',
  '× baseline',
  'deliveries/s',
  'p50 µs',
  'p99 µs',
  'p99.9 µs',
  'generator',
  '',
];

function speedTable(rows: readonly Row[], all: readonly Row[]): string {
  const cells = rows.map((row) => {
    const ratio = ratioOf(row, all);
    return [
      row.system,
      `${number(row.cpu_us_per_delivery)}${range(row.cpu_us_spread)}`,
      ratio === undefined ? '-' : figure(ratio),
      number(row.deliveries_per_s),
      number(row.p50_us),
      `${number(row.p99_us)}${range(row.p99_us_spread)}`,
      number(row.p999_us),
      row.generator_utilisation === null ? '-' : `${(row.generator_utilisation * 100).toFixed(0)} %`,
      marksOf(row),
    ];
  });
  return tableOf(HEAD, cells);
}

function idleTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.system,
    row.idle_bytes === null ? '-' : (row.idle_bytes / 1_024).toFixed(1),
    marksOf(row),
  ]);
  return tableOf(['system', 'KB/connection', ''], cells);
}

function insideTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [row.system, number(row.p50_us), number(row.p99_us), number(row.p999_us)]);
  return tableOf(['system', 'p50 µs', 'p99 µs', 'p99.9 µs'], cells);
}

function tableFor(scenario: string, rows: readonly Row[], all: readonly Row[]): string {
  if (scenario === IDLE.name) return idleTable(rows);
  if (INSIDE.some(({ name }) => name === scenario)) return insideTable(rows);
  if (CAPACITY.some(({ name }) => name === scenario)) return capacityTables(rows, marksOf);
  return speedTable(rows, all);
}

/** A table for each scenario, in the order in which they were measured. Medians, least and most in brackets. */
export function relayTables(rows: readonly Row[]): string {
  const scenarios = [...new Set(rows.map(({ scenario }) => scenario))];
  return scenarios
    .map((scenario) => {
      const own = rows.filter((row) => row.scenario === scenario);
      return `${scenario}\n\n${tableFor(scenario, own, rows)}`;
    })
    .join('\n\n');
}
