import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CTR, REPLAY_WINDOW } from '../../../client/src/e2ee/limits.ts';
import { ReplayWindow } from '../../../client/src/e2ee/replay-window.ts';

describe('ReplayWindow', () => {
  it('accepts each CTR of the window once, and what lies before it never: as a plain list of all would', () => {
    const step = fc.oneof(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -1_100, max: 1_100 }));
    fc.assert(
      fc.property(fc.nat({ max: 5_000 }), fc.array(step, { maxLength: 300 }), (start, steps) => {
        const window = new ReplayWindow();
        const accepted = new Set<number>();
        let highest = -1;
        let ctr = start;
        for (const change of steps) {
          ctr = Math.min(MAX_CTR, Math.max(0, ctr + change));
          const expected = !accepted.has(ctr) && ctr > highest - REPLAY_WINDOW;
          expect(window.isFresh(ctr)).toBe(expected);
          expect(window.accept(ctr)).toBe(expected);
          if (expected) accepted.add(ctr);
          highest = Math.max(highest, ctr);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('forgets what it saw before the window when it moves on by less than that', () => {
    const window = new ReplayWindow();
    for (const ctr of [5, 500, REPLAY_WINDOW + 16]) expect(window.accept(ctr)).toBe(true);
    expect(window.accept(REPLAY_WINDOW + 5)).toBe(true);
    expect(window.accept(500)).toBe(false);
  });

  it('is not moved by asking', () => {
    const window = new ReplayWindow();
    window.accept(5);
    expect(window.isFresh(MAX_CTR)).toBe(true);
    expect(window.accept(4)).toBe(true);
  });

  it('ends at the last CTR there is', () => {
    const window = new ReplayWindow();
    expect(window.accept(0)).toBe(true);
    expect(window.accept(MAX_CTR)).toBe(true);
    expect(window.accept(MAX_CTR)).toBe(false);
    expect(window.accept(MAX_CTR - REPLAY_WINDOW)).toBe(false);
    expect(window.accept(MAX_CTR - REPLAY_WINDOW + 1)).toBe(true);
  });
});
