import { figure, tableOf } from '../../table.ts';
import type { Result } from './rounds.ts';
import { SIZES } from './rounds.ts';

/** What one CPU is to open of 100-byte poses in a second in Node, at least, and better. */
const TARGET = { least: 100_000, goal: 150_000 };

function cellsOf(result: Result): string[] {
  const { cpu_us, wall_us, frames_per_cpu_second, ratio } = result;
  return [
    figure(cpu_us.median),
    `${figure(cpu_us.least)}–${figure(cpu_us.most)}`,
    figure(wall_us.median),
    figure(frames_per_cpu_second),
    `${figure(ratio)}×`,
  ];
}

/** One table for each size and work. */
export function sealingTables(results: readonly Result[]): string {
  const tables = SIZES.flatMap((bytes) =>
    (['seal', 'open'] as const).map((work) => {
      const rows = results.filter((result) => result.bytes === bytes && result.work === work);
      const head = [
        `${work} ${bytes.toLocaleString('en-US')} B`,
        'CPU µs',
        'spread',
        'wall µs',
        '/ CPU s',
        'to ours',
      ];
      return tableOf(
        head,
        rows.map((row) => [row.contender, ...cellsOf(row)]),
      );
    }),
  );
  return tables.join('\n\n');
}

/** How the first contender stands to what is asked of it; undefined where it was not measured in Node. */
export function targetLine(results: readonly Result[]): string | undefined {
  const ours = results.find(
    ({ platform, bytes, work }) => platform === 'Node' && bytes === SIZES[0] && work === 'open',
  );
  if (ours === undefined) return undefined;
  const { least, goal } = TARGET;
  const rate = ours.frames_per_cpu_second;
  const verdict = rate >= goal ? 'the goal is met' : rate >= least ? 'enough' : 'TOO FEW';
  return `Node opens ${figure(rate)} poses of ${SIZES[0]} B per CPU second (at least ${figure(least)}, goal ${figure(goal)}): ${verdict}`;
}
