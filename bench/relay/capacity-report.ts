/** What a core carries, and what that costs, as tables for the terminal. */
import { figure, tableOf } from '../table.ts';
import { DISTURBED } from './capacity-search.ts';
import { COST_MEMBERS, TASK } from './cost.ts';
import type { Row } from './rows.ts';

const number = (value: number | null): string => (value === null ? '-' : figure(value));
const count = (value: number | undefined): string => value?.toLocaleString('en-US') ?? '-';
const percent = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(0)} %`);
const dollars = (value: number): string => `$ ${figure(value)}`;

const HEAD = [
  'system',
  'rooms',
  'members',
  'deliveries/s',
  'Mbit/s out',
  'server',
  'CPU µs/delivery',
  'p50 µs',
  'p99 µs',
  'generator',
  '',
];

/** Why no more rooms were carried; nothing is said where it is the CPU. */
function limitText({ capacity }: Row): string[] {
  if (capacity === undefined) return ['no number of rooms was carried'];
  const { limit, extrapolated_members } = capacity;
  switch (limit) {
    case 'cpu':
      return [];
    case 'generator':
    case 'disturbed': {
      const who = limit === 'generator' ? 'the generator' : 'other work on the machine';
      return extrapolated_members === null
        ? [`with more ${who} is the limit`]
        : [`${who} is the limit: ${count(extrapolated_members)} members, extrapolated`];
    }
    case 'late':
      return ['with more p99 is too high'];
    case 'behind':
      return ['falls behind with more'];
    case 'failed':
      return ['a run with more failed'];
    case 'tries':
      return ['more may be carried'];
    default:
      return limit satisfies never;
  }
}

/** Beside other work a server is late, but also sends more at once and so takes less CPU: its figures are not its own. */
function companyText({ capacity }: Row): string[] {
  return (capacity?.waiting_share ?? 0) < DISTURBED ? [] : ['beside other work'];
}

/** Two tables: what was carried, and what 1,000 members cost in an hour. `marks` are those of every row. */
export function capacityTables(rows: readonly Row[], marks: (row: Row) => string): string {
  const carried = rows.map((row) => [
    row.system,
    count(row.capacity?.rooms),
    count(row.capacity?.members),
    number(row.deliveries_per_s),
    number(row.capacity?.mbit_out_per_s ?? null),
    percent(row.capacity?.cpu_share ?? null),
    number(row.cpu_us_per_delivery),
    number(row.p50_us),
    number(row.p99_us),
    percent(row.generator_utilisation),
    [...limitText(row), ...companyText(row), marks(row)].filter((text) => text !== '').join('; '),
  ]);
  const priced = rows.flatMap(({ system, capacity }) => {
    if (capacity === undefined) return [];
    const { tasks, tasks_usd, gb_out, transfer_usd } = capacity.cost;
    return [[system, figure(tasks), dollars(tasks_usd), figure(gb_out), dollars(transfer_usd)]];
  });
  const cost = tableOf(
    ['system', `tasks of ${TASK.vcpu} vCPU, ${TASK.memory_gb} GB`, 'they cost', 'GB out', 'transfer costs'],
    priced,
  );
  return `${tableOf(HEAD, carried)}\n\n${count(COST_MEMBERS)} members for an hour:\n\n${cost}`;
}
