/** `npm run bench:e2ee`: what sealing costs, beside other libraries. See `USAGE` in options.ts. */
import { cpus } from 'node:os';
import { benchOptions, USAGE } from './options.ts';
import type { BenchOptions } from './options.ts';
import { sealingTables, targetLine } from './sealing/report.ts';
import { measureSealing } from './sealing/rounds.ts';
import type { Plan, Result } from './sealing/rounds.ts';
import { chromiumTarget, nodeTarget } from './sealing/targets.ts';
import type { Target } from './sealing/targets.ts';

const FULL: Plan = { rounds: 5, ms: 150 };
const QUICK: Plan = { rounds: 3, ms: 80 };

const print = (text: string): void => void process.stdout.write(`${text}\n`);
/** Not part of the results. */
const progress = (line: string): void => void process.stderr.write(`${line}\n`);

function readOptions(): BenchOptions {
  try {
    return benchOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    return process.exit(2);
  }
}

async function measureOn(
  start: () => Promise<Target>,
  plan: Plan,
): Promise<{ version: string; results: Result[] }> {
  const target = await start();
  try {
    return { version: target.version, results: await measureSealing(target, plan, progress) };
  } finally {
    await target.close();
  }
}

const options = readOptions();
const plan = options.quick ? QUICK : FULL;
const machine = { cpu: cpus()[0]!.model.trim(), cores: cpus().length, node: process.version };
const node = options.node ? await measureOn(nodeTarget, plan) : undefined;
const chromium = options.chromium ? await measureOn(chromiumTarget, plan) : undefined;
const results = [...(node?.results ?? []), ...(chromium?.results ?? [])];
if (options.json) {
  print(
    JSON.stringify(
      { machine: { ...machine, chromium: chromium?.version }, plan, sealing: results },
      undefined,
      1,
    ),
  );
} else {
  print(`${machine.cpu}, ${machine.cores} cores; medians of ${plan.rounds} rounds`);
  if (node !== undefined) print(`\nNode ${node.version}\n\n${sealingTables(node.results)}`);
  if (chromium !== undefined) print(`\nChromium ${chromium.version}\n\n${sealingTables(chromium.results)}`);
  const line = targetLine(results);
  if (line !== undefined) print(`\n${line}`);
}
