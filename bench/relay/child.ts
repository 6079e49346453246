/** Processes that the benchmark starts: with enough open files, and none of them outlives it. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

const STOP_LIMIT_MS = 5_000;
/** Raises the limit of open files as far as is allowed, then becomes the command. */
const RAISED = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"';

const running = new Set<ChildProcess>();

/** Ends whatever still runs, at once: for the end of the command. */
export function killChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Starts `command` with up to 65,536 open files. Its pid is that of the command itself. */
export function startChild(command: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn('sh', ['-c', RAISED, 'sh', ...command], options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Asks a process to end, and ends it where it does not. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const cut = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(cut);
}

/** Gathers the last of what `child` writes on its standard error. */
export function lastWords(child: ChildProcess): () => string {
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  return () => said.trim();
}
