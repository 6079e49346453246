/**
 * Loaded before each Node server of the benchmark. Its standard input tells it what to do: `gc` collects the garbage, so
 * that resident memory is what connections keep and not what has not been collected yet; the end of it ends the
 * server, so that none outlives the command.
 */
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (line !== 'gc') return;
  if (gc === undefined) throw new Error('The server runs without --expose-gc');
  gc();
  gc();
  process.stdout.write('{"collected":true}\n');
});
lines.on('close', () => process.exit(0));
