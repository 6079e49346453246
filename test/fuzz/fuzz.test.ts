import { describe, expect, it } from 'vitest';
import { fuzz } from './target.ts';
import { TARGETS } from './targets.ts';

/** `npm run fuzz -- --minutes N` goes on for longer. */
const CASES = 300;
const TIME_MS = 600;

describe('fuzz', () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))(
    '%s: whatever comes in is answered as documented, leaves nothing behind, and disturbs nobody',
    async (_name, target) => {
      const seed = Math.floor(Math.random() * 0x7fff_ffff);
      expect(await fuzz(target, { runs: CASES, time: TIME_MS, seed })).toBeGreaterThan(0);
    },
    60_000,
  );
});
