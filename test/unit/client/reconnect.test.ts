import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullJitter } from '../../../client/src/reconnect.ts';

describe('fullJitter', () => {
  it('doubles the upper bound from 250 ms to 8 s', () => {
    const policy = fullJitter({ random: () => 1 });
    expect([1, 2, 3, 4, 5, 6, 7, 100].map((attempt) => policy(attempt, 0))).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000,
    ]);
  });

  it('draws from the whole range down to 0', () => {
    expect(fullJitter({ random: () => 0 })(9, 0)).toBe(0);
    expect(fullJitter({ random: () => 0.5 })(3, 0)).toBe(500);
  });

  it('gives up after five minutes, or when it is told to', () => {
    expect(fullJitter()(40, 299_999)).not.toBeNull();
    expect(fullJitter()(40, 300_000)).toBeNull();
    expect(fullJitter({ give_up_after_ms: 10 })(1, 10)).toBeNull();
  });

  it('is always between 0 and its cap', () => {
    const policy = fullJitter({ base_ms: 100, cap_ms: 1_000, give_up_after_ms: Infinity });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.nat(), (attempt, elapsed) => {
        const delay = policy(attempt, elapsed)!;
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});
