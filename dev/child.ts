/** Node processes that the local stack starts. They end with it, however it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { hasExited } from './guarded.ts';
import { printLines } from './lines.ts';
import type { Tape } from './recording.ts';

const END_WITH_PARENT = new URL('end-with-parent.ts', import.meta.url).href;

const alive = new Set<ChildProcess>();

/** A process with an IPC channel to this one. */
export type Child = ChildProcess & { readonly pid: number };

export interface ChildOptions {
  env: NodeJS.ProcessEnv;
  /** Before each line of its output. */
  prefix: string;
  print: (line: string) => void;
  /** Fields of its log lines that are not worth repeating. */
  unsaid?: readonly string[];
  /** Is given its output as it is. */
  tape?: Tape | undefined;
}

/**
 * Starts the TypeScript file `script` under this Node. The process is in a group of its own, so that Ctrl-C in the
 * terminal does not reach it: the stack decides in which order things stop.
 */
export function startChild(script: URL, { env, prefix, print, unsaid = [], tape }: ChildOptions): Child {
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', '--import', END_WITH_PARENT, fileURLToPath(script)],
    { env, detached: process.platform !== 'win32', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  // A message to a process that has just ended fails; its exit says so already.
  child.on('error', () => undefined);
  for (const stream of [child.stdout, child.stderr]) {
    if (tape !== undefined) stream?.on('data', tape);
    printLines(stream as Readable, prefix, print, unsaid);
  }
  if (child.pid === undefined) throw new Error(`${fileURLToPath(script)} could not be started`);
  return child as Child;
}

/** Asks a process to end, kills it `limit_ms` later, and waits until it is gone. */
export async function endChild(
  child: ChildProcess,
  limit_ms: number,
  signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM',
): Promise<void> {
  if (hasExited(child)) return;
  // Not `exit`: what it printed last is still to come then.
  const closed = once(child, 'close');
  child.kill(signal);
  // A process that somebody has stopped (SIGSTOP) ends only once it goes on.
  if (process.platform !== 'win32') child.kill('SIGCONT');
  const timer = setTimeout(() => child.kill('SIGKILL'), limit_ms);
  await closed;
  clearTimeout(timer);
}

/** Kills every process that was started here and still runs. */
export function killChildren(): void {
  for (const child of alive) child.kill('SIGKILL');
}
