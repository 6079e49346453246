/** `npm run bench:fleet`: days of a fleet in virtual time, with the plan and the placement of the product. See `USAGE` in options.ts. */
import { existsSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { optionsOr } from '../../scripts/command-line.ts';
import { frontierChart } from './chart.ts';
import { frontierOf, marginText } from './frontier.ts';
import { fleetBenchOptions, USAGE } from './options.ts';
import { frontierTable, goalLines, goalsOf, resultTable } from './report.ts';
import { dayOfRooms, simulateDays } from './result.ts';

const options = optionsOr(USAGE, (args) => {
  const read = fleetBenchOptions(args);
  // Not only after a minute.
  if (read.chart !== undefined && !existsSync(dirname(read.chart)))
    throw new TypeError(`--chart: there is no folder ${dirname(read.chart)}`);
  return read;
});
const { setup, rooms, seeds } = options;
const { day, kind, policy, placement } = setup;
const print = (text: string): void => void (options.json || process.stdout.write(`${text}\n`));
const printJson = (value: unknown): void =>
  void (options.json && process.stdout.write(`${JSON.stringify(value, undefined, 1)}\n`));
const machine = { cpu: cpus()[0]!.model.trim(), cores: cpus().length, node: process.version };

print(
  `${machine.cpu}, Node ${machine.node}\n` +
    `${day.name}: ${day.about}\n` +
    `${rooms.toLocaleString('en-US')} rooms on ${kind} tasks of ${policy.room_capacity}, ${policy.min_tasks} to ` +
    `${policy.max_tasks.toLocaleString('en-US')} of them; seed${seeds.length === 1 ? '' : 's'} ${seeds.join(', ')}`,
);
const days = seeds.map((seed) => dayOfRooms(setup, rooms, seed));

if (options.frontier) {
  const points = frontierOf(setup, days, (line) => process.stderr.write(`${line}\n`));
  print(`\n${frontierTable(points)}`);
  printJson({ machine, day: day.name, rooms, seeds, setup, points });
  if (options.chart !== undefined) {
    const about = `${day.name}, ${rooms.toLocaleString('en-US')} rooms, ${kind} tasks of ${policy.room_capacity}`;
    writeFileSync(options.chart, frontierChart(points, about));
  }
} else {
  const result = simulateDays(setup, days);
  const goals = goalsOf(result);
  const cpu = process.cpuUsage();
  const cpu_seconds = (cpu.user + cpu.system) / 1e6;
  print(
    `PLACEMENT ${placement}, UPSCALE_MARGIN ${marginText(policy.upscale)}, DOWNSCALE_MARGIN ` +
      `${marginText(policy.downscale)}, STANDBY_LIMIT ${policy.standby_limit / 1_000} s\n` +
      `\n${resultTable(result)}\n\n${goalLines(goals)}\n\nin ${cpu_seconds.toFixed(1)} s of CPU time`,
  );
  printJson({ machine, day: day.name, rooms, seeds, setup, cpu_seconds, result, goals });
}
