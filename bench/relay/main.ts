/** `npm run bench:relay`: the relay and its peers side by side. See `USAGE` in options.ts. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { optionsOr } from '../../scripts/command-line.ts';
import { buildLoad } from './build-load.ts';
import { chartOf } from './chart.ts';
import { measureCapacity } from './capacity.ts';
import { killChildren } from './child.ts';
import { findCores } from './cores.ts';
import { measureInside } from './inside.ts';
import { measureIdle, measureScenario } from './measure.ts';
import type { Bench } from './measure.ts';
import { relayBenchOptions, USAGE } from './options.ts';
import type { RelayBenchOptions } from './options.ts';
import { availableOf } from './peers.ts';
import { relayTables } from './report.ts';
import type { Row } from './rows.ts';
import { Servers } from './servers.ts';
import { makeCertificate } from './tls.ts';
import { verdictLines, verdictsOf } from './verdicts.ts';

/** A quick run starts no further round that may end later than this: it is to be done in a minute. */
const QUICK_MS = 50_000;

const progress = (line: string): void => void process.stderr.write(`${line}\n`);

async function measure(options: RelayBenchOptions, folder: string): Promise<void> {
  if (platform() !== 'linux')
    throw new Error('This benchmark reads /proc, and its generator uses epoll: it needs Linux');
  // Not only after half an hour.
  if (options.chart !== undefined && !existsSync(dirname(options.chart)))
    throw new Error(`--chart: there is no folder ${dirname(options.chart)}`);
  const print = (text: string): void => void (options.json || process.stdout.write(`${text}\n`));
  const program = buildLoad();
  const cores = findCores();
  const { systems, missing } = availableOf(options.systems, program.tls, progress);
  const remarks = [...(cores.warning === undefined ? [] : [cores.warning]), ...missing];
  if (options.json) remarks.forEach(progress);
  if (systems.length === 0 && options.systems.length > 0)
    throw new Error(['Nothing of what was asked for can be measured here', ...missing].join('\n'));

  const bench: Bench = {
    systems,
    rounds: options.rounds,
    rate_rounds: options.quick ? 1 : options.rounds,
    seconds: options.seconds,
    goesOn: () => true,
    generator: { program, pin: cores.generator, folder },
    surroundings: {
      pin: cores.server,
      secret: randomBytes(32).toString('base64url'),
      tls: systems.some(({ tls }) => tls) ? makeCertificate(folder) : undefined,
      folder,
    },
    progress,
  };
  await using servers = new Servers(bench.surroundings);
  const rows: Row[] = [];
  for (const [index, scenario] of options.scenarios.entries()) {
    // Each scenario may have its share of the time, and what those before it have left.
    const until = (QUICK_MS * (index + 1)) / options.scenarios.length;
    const goesOn = (round_ms: number): boolean => !options.quick || performance.now() + round_ms < until;
    rows.push(...(await measureScenario({ ...bench, goesOn }, servers, scenario)));
    // What one scenario leaves behind in a process is nothing to the next; starting them all takes seconds, though.
    if (!options.quick) await servers.stop();
  }
  await servers.stop();
  if (options.idle) rows.push(...(await measureIdle(bench)));
  if (options.inside) rows.push(...(await measureInside(bench)));
  for (const load of options.capacity) rows.push(...(await measureCapacity(bench, load)));

  if (options.json) process.stdout.write(`[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
  const versions = [...servers.versions].flatMap(([name, version]) =>
    version === '' ? [] : [`${name} ${version}`],
  );
  const machine = [
    `${cpus()[0]!.model.trim()}, ${cpus().length} cores`,
    `Node ${process.version}`,
    ...versions,
  ];
  print(machine.join('; '));
  remarks.forEach(print);
  print(`\n${relayTables(rows)}\n\n${verdictLines(verdictsOf(rows))}`);
  if (options.chart !== undefined) writeFileSync(options.chart, chartOf(rows, options.scenarios));
}

const options = optionsOr(USAGE, relayBenchOptions);
const folder = mkdtempSync(join(tmpdir(), 'anteroom-bench-'));
process.once('exit', () => {
  killChildren();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  await measure(options, folder);
} catch (error) {
  progress(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
