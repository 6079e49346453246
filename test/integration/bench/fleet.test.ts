import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { FrontierPoint } from '../../../bench/fleet/frontier.ts';
import type { FleetResult } from '../../../bench/fleet/result.ts';

const MAIN = join(import.meta.dirname, '../../../bench/fleet/main.ts');
const run = (args: readonly string[]) => promisify(execFile)(process.execPath, [MAIN, ...args]);

describe('npm run bench:fleet', () => {
  it('simulates a day, as a table or as JSON', async () => {
    const small = ['--rooms', '2000', '--capacity', '5'];
    const [{ stdout: table }, { stdout: json }] = await Promise.all([run(small), run([...small, '--json'])]);
    expect(table).toContain('over the clairvoyant minimum');
    const { result } = JSON.parse(json) as { result: FleetResult };
    expect(result.asked).toBeGreaterThan(1_900);
    expect(table).toContain(result.asked.toLocaleString('en-US'));
  });

  it('draws margins against cost', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'anteroom-fleet-'));
    try {
      const chart = join(folder, 'frontier.svg');
      const { stdout } = await run([
        '--frontier',
        '--seeds',
        '1',
        '--rooms',
        '500',
        '--chart',
        chart,
        '--json',
      ]);
      const { points } = JSON.parse(stdout) as { points: FrontierPoint[] };
      expect(points.length).toBeGreaterThan(20);
      expect(await readFile(chart, 'utf8')).toMatch(/^<svg /);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('says what is wrong with its options', async () => {
    const failed: unknown = await run(['--rooms', 'many']).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 2 });
    expect((failed as { stderr: string }).stderr).toMatch(/^--rooms takes a number/);
  });
});
