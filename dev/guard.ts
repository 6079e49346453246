/**
 * Runs a command that must not outlive the process that started it: `node dev/guard.ts <command> [argument…]`.
 *
 * Standard input is a pipe from that process. The kernel closes it when the process ends, however it ends (SIGKILL
 * included, where no handler runs), and then the command is ended too. Start it with `spawnGuarded`.
 */
import { spawn } from 'node:child_process';

/** How long the command may take to end after SIGTERM. */
const GRACE_MS = 2_000;

const [command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

let ending = false;
function end(): void {
  if (ending) return;
  ending = true;
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
}

process.stdin.on('close', end);
process.stdin.on('error', end);
process.stdin.resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);

child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(127);
});
child.on('exit', (code) => process.exit(code ?? 1));
