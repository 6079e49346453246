/** `npm run chaos`: see `USAGE` in options.ts. Exit code 0 only if everything held. */
import { writeFileSync } from 'node:fs';
import { optionsOr } from '../../scripts/command-line.ts';
import { startChaos } from './chaos.ts';
import { chaosOptions, USAGE } from './options.ts';
import { verdict } from './report.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const options = optionsOr(USAGE, (args) => chaosOptions(args, process.env));
const chaos = await startChaos(options, print);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void chaos.stop().finally(() => process.exit(130)));
}
try {
  await chaos.run();
} catch (error) {
  chaos.ledger.breach(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
await chaos.stop();
const summary = chaos.summary();
print(verdict(summary));
if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(summary, undefined, 1)}\n`);
process.exit(summary.passed ? 0 : 1);
