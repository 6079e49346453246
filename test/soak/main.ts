/** `npm run soak`: see `USAGE` in options.ts. Exit code 0 only if everything held. */
import { writeFileSync } from 'node:fs';
import { optionsOr } from '../../scripts/command-line.ts';
import { soakOptions, USAGE } from './options.ts';
import { verdict } from './report.ts';
import { startSoak } from './soak.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const options = optionsOr(USAGE, (args) => soakOptions(args, process.env));
const soak = await startSoak(options, print);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void soak.stop().finally(() => process.exit(130)));
}
try {
  await soak.run();
  await soak.settle();
} catch (error) {
  soak.ledger.breach(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
await soak.stop();
const summary = soak.summary();
print(verdict(summary));
if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(summary, undefined, 1)}\n`);
process.exit(summary.passed ? 0 : 1);
