import { execFile, execFileSync, type ExecFileException } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfTest } from '../../../stream-task/lane/self-test.ts';
import { NODE } from '../../support/stack.ts';

const FIXTURES = fileURLToPath(new URL('../../support/fixtures/lane/', import.meta.url));
const BREAK = join(FIXTURES, 'break.mjs');

/** Another Node on the PATH than that of the repository. */
function otherNode(): string | undefined {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  const version = (node: string): string => execFileSync(node, ['--version'], { encoding: 'utf8' });
  return paths.find(
    (node) =>
      existsSync(node) && realpathSync(node) !== realpathSync(NODE) && version(node) !== version(NODE),
  );
}
const other = otherNode();

describe('the self-test of the fast lane', () => {
  let folder: string;
  let bundle: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'anteroom-lane-'));
    bundle = join(folder, 'relay.mjs');
    // A Node that reads no TypeScript runs it, too.
    await build({
      entryPoints: [join(FIXTURES, 'relay.ts')],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      external: ['bufferutil', 'utf-8-validate'],
      banner: {
        js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);",
      },
      logLevel: 'error',
    });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** What a relay in a process of its own logs at level warn and above, and what a client heard through it. */
  async function run(
    node: string,
    broken?: string,
  ): Promise<{ log: Record<string, unknown>[]; heard: string }> {
    const args = broken === undefined ? [bundle] : ['--import', BREAK, bundle];
    // Nothing else of our own environment: the settings of a test runner are none of a relay.
    const env = broken === undefined ? {} : { BREAK: broken };
    const text = await new Promise<string>((resolve, reject) => {
      const done = (error: ExecFileException | null, out: string, err: string): void => {
        if (error === null) resolve(out);
        else reject(new Error(`${error.message}\n${out}\n${err}`));
      };
      execFile(node, args, { env, timeout: 15_000 }, done);
    });
    const lines = text.trim().split('\n');
    const { heard } = JSON.parse(lines.pop()!) as { heard: string };
    return { log: lines.map((line) => JSON.parse(line) as Record<string, unknown>), heard };
  }

  it('passes on this Node', async () => {
    expect(await selfTest()).toBeUndefined();
    expect(await run(NODE)).toEqual({ log: [], heard: 'can you hear me?' });
  });

  it.skipIf(other === undefined)(
    'passes on the other Node of this machine, or leaves all to ws',
    async () => {
      const { log, heard } = await run(other!);
      expect(heard).toBe('can you hear me?');
      expect(log.filter(({ msg }) => !String(msg).includes('using ws'))).toEqual([]);
    },
  );

  it('passes where the kernel takes the rest of a write as soon as it is asked again', async () => {
    expect(await run(NODE, 'a write is done before it is said to be')).toEqual({
      log: [],
      heard: 'can you hear me?',
    });
  });

  it.each([
    ['there is no binding', 'the handle of a socket cannot be taken'],
    ['the names differ', 'the handle of a socket cannot be taken'],
    ['the buffer cannot be set', 'the handle of a socket cannot be taken'],
    ['setting the buffer throws', 'not like this'],
    ['the buffer is not used', expect.any(String) as string],
    ['bytes come elsewhere', 'other bytes were read than were sent'],
    ['a write is said to be done before it is', 'a write is said to be done before it is'],
  ])('where %s, the relay says so, and serves all the same', async (broken, fault) => {
    const { log, heard } = await run(NODE, broken);
    expect(log).toMatchObject([{ fault, msg: expect.stringContaining('using ws') as string }]);
    expect(heard).toBe('can you hear me?');
  });
});
