/** `npm run chaos`: see `USAGE` in options.ts. Exit code 0 only if everything held. */
import { writeFileSync } from 'node:fs';
import { startChaos } from './chaos.ts';
import { chaosOptions, USAGE, type ChaosOptions } from './options.ts';
import { verdict } from './report.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function readOptions(): ChaosOptions {
  try {
    return chaosOptions(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    return process.exit(2);
  }
}

const options = readOptions();
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
