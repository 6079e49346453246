/** Runs the load generator of `bench/relay` (C) in tests. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { buildLoad, NoCompiler, type LoadProgram } from '../../bench/relay/build-load.ts';
import type { LoadResult } from '../../bench/relay/load.ts';

export interface LoadRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

function built(): LoadProgram | { missing: string } {
  try {
    return buildLoad();
  } catch (error) {
    if (error instanceof NoCompiler) return { missing: error.message };
    throw error;
  }
}

/** A suite that needs a C compiler. Without one it is skipped, and its name says why; in CI that is a failure instead. */
export function describeWithCompiler(name: string, suite: (program: LoadProgram) => void): void {
  const program = built();
  const missing = 'missing' in program ? program.missing : undefined;
  const note = missing === undefined ? '' : ` (${missing})`;
  describe.skipIf(missing !== undefined && process.env['CI'] === undefined)(`${name}${note}:`, () => {
    beforeAll(() => {
      if (missing !== undefined) throw new Error(`not to be skipped in CI: ${missing}`);
    });
    suite('missing' in program ? { path: '', tls: false } : program);
  });
}

/** Runs the generator with these members (see bench/relay/load/members.h) to its end, 20 s at most. */
export function runGenerator(
  program: LoadProgram,
  port: number,
  members: readonly string[],
  args: readonly string[],
): Promise<LoadRun> {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  const list = join(folder, 'members');
  writeFileSync(list, `${members.join('\n')}\n`);
  const common = ['--host', '127.0.0.1', '--port', String(port), '--members', list];
  return new Promise((resolve) => {
    const child = execFile(
      program.path,
      [...common, ...args],
      { timeout: 20_000 },
      (_error, stdout, stderr) => {
        rmSync(folder, { recursive: true, force: true });
        resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}

/** The figures of a run that made its load. */
export function figuresOf({ code, stdout, stderr }: LoadRun): LoadResult {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  expect(lines).toEqual(['connected', expect.stringMatching(/^\{.*\}$/)]);
  return JSON.parse(lines[1]!) as LoadResult;
}
