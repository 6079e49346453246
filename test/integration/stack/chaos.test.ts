/** A few seconds of chaos in which one message is swallowed on purpose: that is noticed, and nothing else is amiss. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Summary } from '../../chaos/report.ts';
import { describeWithJava } from '../../support/dynamodb.ts';
import { NODE } from '../../support/stack.ts';

const MAIN = fileURLToPath(new URL('../../chaos/main.ts', import.meta.url));
const ARGS =
  '--minutes 0.09 --seed 5 --faults kill,term,pause --fault-seconds 3 --standing 3 --rooms-per-second 1 --tasks 3 --prove lost';
const ENV = {
  // A room that has moved is served on for two thirds of it: a busy machine needs some seconds to follow.
  CONNECT_TIMEOUT: '8s',
  RESUME_GRACE: '3s',
  HEARTBEAT: '3s',
  LEASE: '10s',
  DRAIN_DEADLINE: '15s',
  // Rooms that begin while a busy machine drains a task pile up.
  ROOM_CAPACITY: '60',
  MAX_ROOMS: '60',
};
const LIMIT_MS = 120_000;

/** Runs the command; resolves to its exit code and what it printed. */
function chaos(out: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const args = [MAIN, ...ARGS.split(' '), '--out', out];
    const child = execFile(NODE, args, { env: { ...process.env, ...ENV } }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

describeWithJava('chaos', () => {
  it(
    'notices a lost message, tells it with the faults around it and how to repeat it; everything else holds',
    { timeout: LIMIT_MS },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'anteroom-chaos-'));
      try {
        const out = join(folder, 'summary.json');
        const { code, output } = await chaos(out);
        expect({ code, output }).toMatchObject({
          code: 1,
          output: expect.stringContaining('FAILED with 1 breaches') as string,
        });
        const summary = JSON.parse(readFileSync(out, 'utf8')) as Summary;
        expect(summary.breaches).toEqual([
          {
            at: expect.stringMatching(/^\d+\.\d s$/) as string,
            sentence: expect.stringMatching(
              /^room \d+: 1 messages of .* before \d+ were lost for .* though neither/,
            ) as string,
            faults: expect.any(Array) as string[],
          },
        ]);
        expect(summary).toMatchObject({ passed: false, breaches_in_all: 1 });
        expect(output).toContain('repeat: npm run chaos -- --faults kill,term,pause --fault-seconds 3');
        expect(output).toMatch(/--seed 5 .*--prove lost/);
        const { counts, faults } = summary;
        expect(faults.length).toBeGreaterThan(0);
        expect(faults.every(({ until }) => typeof until === 'number')).toBe(true);
        expect(counts.rooms_created).toBeGreaterThan(3);
        expect(counts.frames_heard).toBeGreaterThan(0);
        expect(counts.poses_heard).toBeGreaterThan(0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
