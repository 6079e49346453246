/** `.anteroom/`: what a running stack writes, none of which outlives it but prepared packages of the page. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a process with this id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Makes a folder of this process below `<root>/.anteroom`, and removes those of processes that are gone. It lies within
 * the repository so that bundles in it find their packages.
 */
export function makeRunFolder(root: string): { path: string; remove(): void } {
  const parent = join(root, '.anteroom');
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const pid = /^run-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
  const path = join(parent, `run-${process.pid}`);
  mkdirSync(path, { recursive: true });
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
