import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Readable, Writable } from 'node:stream';

const GUARD = fileURLToPath(new URL('guard.ts', import.meta.url));

export type GuardedProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Starts `command` so that it ends when this process ends, even by SIGKILL. It is in a process group of its own: Ctrl-C
 * in the terminal does not reach it, so this process decides in which order things stop. Read its output, else it
 * stalls on a full pipe.
 */
export function spawnGuarded(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): GuardedProcess {
  const child = spawn(process.execPath, [GUARD, command, ...args], {
    ...options,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // Nothing is written to it; closing the pipe of a process that ended by itself is no error.
  child.stdin.on('error', () => {});
  return child;
}

/** Whether the process has ended. */
export function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Ends a guarded process (SIGTERM, SIGKILL two seconds later) and waits until it is gone. */
export async function stopGuarded(child: GuardedProcess): Promise<void> {
  if (hasExited(child)) return;
  const exited = once(child, 'exit');
  child.stdin.end();
  await exited;
}
