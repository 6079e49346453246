/** Processes of this machine: who started whom, and who still runs. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface ProcessEntry {
  pid: number;
  parent: number;
  /** It has ended, and its parent has not yet taken notice. */
  zombie: boolean;
}

function fromProc(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      let stat: string;
      try {
        stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      } catch {
        return []; // It has just ended.
      }
      // The command, in parentheses, may itself contain spaces and parentheses.
      const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ pid: Number(name), parent: Number(parent), zombie: state === 'Z' }];
    });
}

function fromPs(): ProcessEntry[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [pid = '', parent = '', state = ''] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), zombie: state.startsWith('Z') };
    });
}

function processes(): ProcessEntry[] {
  return existsSync('/proc/self/stat') ? fromProc() : fromPs();
}

/** Pids of all processes that `pid` has started, and those they have started. */
export function descendants(pid: number): number[] {
  const all = processes();
  const children = (parent: number): number[] =>
    all.filter((entry) => entry.parent === parent).flatMap((entry) => [entry.pid, ...children(entry.pid)]);
  return children(pid);
}

/** Waits until none of `pids` runs; resolves to those that still do after `limit_ms`. */
export async function survivors(pids: readonly number[], limit_ms = 10_000): Promise<number[]> {
  const deadline = performance.now() + limit_ms;
  for (;;) {
    const running = new Set(processes().flatMap(({ pid, zombie }) => (zombie ? [] : [pid])));
    const left = pids.filter((pid) => running.has(pid));
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(50);
  }
}
