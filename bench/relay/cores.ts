/** Which core a process is put on: the server on one, the generator on another. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

export interface Cores {
  /** Words before a command that pin it. Empty where that is not possible. */
  server: readonly string[];
  generator: readonly string[];
  /** A sentence if server and generator may get into each other's way. */
  warning: string | undefined;
}

/** Finds out what is possible on this machine. */
export function findCores(): Cores {
  const unpinned = (warning: string): Cores => ({ server: [], generator: [], warning });
  if (availableParallelism() < 2) {
    return unpinned('This machine has one core: server and generator share it, and the figures say little.');
  }
  // It must also be allowed: a container may have other cores than 0 and 1.
  if (spawnSync('taskset', ['-c', '0,1', 'true']).status !== 0) {
    return unpinned('taskset (of util-linux) cannot be used here: nothing is pinned to a core.');
  }
  return { server: ['taskset', '-c', '0'], generator: ['taskset', '-c', '1'], warning: undefined };
}
