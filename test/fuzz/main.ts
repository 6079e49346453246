/**
 * `npm run fuzz -- --minutes N [--target name[,name]] [--seed S] [--path P]`: fuzzes the wire for longer than the tests
 * do. The targets take turns; each turn has a seed of its own. Exit code 1 at the first fault.
 */
import { parseArgs } from 'node:util';
import { fuzz, type Target } from './target.ts';
import { TARGETS } from './targets.ts';

/** How long one target runs before the next has its turn, ms. */
const TURN_MS = 20_000;
/** A run with a seed goes on for as many cases, unless a path says which. */
const RUNS = 1_000_000;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(sentence: string): never {
  print(sentence);
  process.exit(2);
}

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : fail(`--${name} must be a number`);
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    target: { type: 'string' },
    seed: { type: 'string' },
    path: { type: 'string' },
  },
});
const minutes = readNumber('minutes', values.minutes) ?? 1;
const names = values.target?.split(',') ?? TARGETS.map(({ name }) => name);
const targets = names.map(
  (name): Target =>
    TARGETS.find((target) => target.name === name) ??
    fail(`there is no target ${name}: ${TARGETS.map((target) => target.name).join(', ')}`),
);
const given = readNumber('seed', values.seed);
if (values.path !== undefined && (given === undefined || targets.length !== 1)) {
  fail('--path needs --seed and one --target');
}

const deadline = performance.now() + minutes * 60_000;
let total = 0;
try {
  for (let turn = 0; turn === 0 || performance.now() < deadline; turn++) {
    for (const [n, target] of targets.entries()) {
      const left = deadline - performance.now();
      if (turn > 0 && left <= 0) break;
      const seed = given ?? (Math.random() * 0x7fff_ffff) | 0;
      const share = left / (targets.length - n);
      const time = targets.length === 1 ? left : Math.min(share, TURN_MS);
      const cases = await fuzz(target, { runs: RUNS, time, seed, path: values.path });
      total += cases;
      print(`${target.name}: ${cases} cases, seed ${seed}`);
    }
    if (given !== undefined) break;
  }
  print(`${total} cases, no fault`);
} catch (error) {
  const { message, cause } = error as Error;
  print(message);
  if (cause instanceof Error) print(cause.stack ?? cause.message);
  process.exitCode = 1;
}
