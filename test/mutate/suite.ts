/** Runs the unit tests of the encryption in a tree. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Tree } from './tree.ts';

/** A run that takes longer, ms, is taken to hang, which is noticed by whoever runs it. */
const LONGEST_MS = 180_000;
const FOLDER = 'test/unit/e2ee';

/** `noticed`: a test failed, or the run did not end. `output`: of the run. */
export interface Outcome {
  noticed: boolean;
  output: string;
}

/** `files`: below test/unit/e2ee; all of them where none are named. Ends at the first failure. */
export async function runSuite(tree: Tree, files: readonly string[] = []): Promise<Outcome> {
  const vitest = join(tree.path, 'node_modules/vitest/vitest.mjs');
  const paths = files.length === 0 ? [FOLDER] : files.map((file) => `${FOLDER}/${file}`);
  const args = [
    vitest,
    'run',
    '--project',
    'unit',
    '--bail',
    '1',
    '--maxWorkers',
    '1',
    '--reporter',
    'dot',
    ...paths,
  ];
  const child = spawn(process.execPath, args, { cwd: tree.path, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearTimeout(timer);
  return { noticed: code !== 0, output };
}
