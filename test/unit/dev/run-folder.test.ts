import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeRunFolder } from '../../../dev/run-folder.ts';

it('removes the folders of processes that are gone, and no other', () => {
  const root = mkdtempSync(join(tmpdir(), 'anteroom-run-'));
  const { pid: gone } = spawnSync(process.execPath, ['--version']);
  const folder = (name: string): string => {
    const path = join(root, '.anteroom', name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const [old, parents, cache] = [folder(`run-${gone}`), folder(`run-${process.ppid}`), folder('vite-8787')];
  const made = makeRunFolder(root);
  expect([old, parents, cache, made.path].map((path) => existsSync(path))).toEqual([false, true, true, true]);
  made.remove();
  expect(existsSync(made.path)).toBe(false);
  rmSync(root, { recursive: true });
});
