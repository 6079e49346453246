import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../../bench/relay/rows.ts';
import { OURS } from '../../../bench/relay/systems.ts';
import { describeWithCompiler } from '../../support/load-generator.ts';
import { descendants, survivors } from '../../support/processes.ts';

const MAIN = join(import.meta.dirname, '../../../bench/relay/main.ts');

function start(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, ended };
}

const OURS_ALONE = [
  '--quick',
  '--only',
  'anteroom raw',
  '--only',
  '25x4',
  '--rounds',
  '1',
  '--seconds',
  '0.5',
];

describeWithCompiler('npm run bench:relay', () => {
  it('measures our relay and finds nothing wrong with what it delivers', async () => {
    const { code, stdout, stderr } = await start([...OURS_ALONE, '--json']).ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const rows = JSON.parse(stdout) as Row[];
    expect(rows.map(({ system, scenario, errors }) => ({ system, scenario, errors }))).toEqual([
      { system: OURS, scenario: '25x4 16KB', errors: 0 },
    ]);
    for (const row of rows) {
      expect(row.cpu_us_per_delivery).toBeGreaterThan(0);
      expect(row.deliveries_per_s).toBeGreaterThan(0);
      expect(row.p99_us).toBeGreaterThanOrEqual(row.p50_us!);
      expect(row.generator_utilisation).toBeGreaterThan(0);
    }
  });

  it('leaves no process behind when it is stopped', async () => {
    const { child, ended } = start([...OURS_ALONE, '--seconds', '600']);
    await once(createInterface({ input: child.stderr }), 'line');
    let started: number[] = [];
    while (started.length === 0 && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      started = descendants(child.pid!);
    }
    child.kill('SIGTERM');
    expect((await ended).code).toBe(130);
    expect(started).not.toEqual([]);
    expect(await survivors(started)).toEqual([]);
  });
});

describe('npm run bench:relay, before it measures', () => {
  it('refuses options that it does not know', async () => {
    const { code, stdout, stderr } = await start(['--peer', 'ws']).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/Unknown option '--peer'.*\nnpm run bench:relay -- \[options\]/);
  });

  it('says how to get a compiler where there is none', async () => {
    const { code, stdout, stderr } = await start(['--quick', '--json'], { PATH: '' }).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('apt install gcc libc6-dev libssl-dev');
  });
});
