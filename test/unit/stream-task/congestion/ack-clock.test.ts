import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckClock } from '../../../../stream-task/congestion/ack-clock.ts';

/** A clock whose client answers `delay` ms after the first message, sent at 0. */
function started(delay = 50): AckClock {
  const clock = new AckClock(1, 0, delay);
  clock.acked(1, delay);
  return clock;
}

describe('ack clock', () => {
  it('takes the time to the first acknowledgement for the floor, and what is beyond it for lateness', () => {
    const clock = started(50);
    expect(clock.floor).toBe(50);
    clock.sent(1, 100, true, 1_000);
    expect(clock.excess(1_050)).toBe(0);
    expect(clock.excess(1_170)).toBe(120);
    expect(clock.acked(2, 1_170)).toBe(1);
    expect(clock.excess(9_000)).toBe(0);
  });

  it('knows no lateness before the floor is known', () => {
    const clock = new AckClock(0, 0, 10);
    clock.sent(1, 100, true, 10);
    expect(clock.floor).toBeUndefined();
    expect(clock.excess(60_000)).toBe(0);
  });

  it.each([
    ['more than was sent', 7],
    ['far more than was sent', 0x7fff_ffff],
    ['more than half of the range beyond', 0xffff_fff0],
    ['less than before', 1],
    ['nothing at all', 0],
    ['the same again', 2],
  ])('ignores a count that says %s', (_, count) => {
    const clock = started();
    clock.sent(3, 100, true, 1_000);
    expect(clock.acked(2, 1_010)).toBe(1);
    expect(clock.acked(count, 1_500)).toBe(0);
    expect(clock.under_way).toBe(2);
    expect(clock.floor).toBe(10);
    expect(clock.excess(1_500)).toBe(490);
    expect(clock.acked(4, 1_600)).toBe(2);
  });

  it('goes on where the 32 bits of a count wrap', () => {
    const before = 2 ** 32 - 2;
    const clock = new AckClock(before, 0, 50);
    expect(clock.acked(before, 50)).toBe(before);
    clock.sent(5, 100, true, 100);
    expect(clock.acked(0xffff_ffff, 110)).toBe(1);
    expect(clock.acked(2, 120)).toBe(3);
    expect(clock.acked(0xffff_ffff, 130)).toBe(0);
    expect(clock.under_way).toBe(1);
    expect(clock.acked(3, 140)).toBe(1);
    clock.sent(2 ** 32 + 7, 100, true, 200);
    expect(clock.acked(10, 210)).toBe(2 ** 32 + 7);
  });

  it('takes what was sent at unknown times before the first acknowledgement as sent now', () => {
    const clock = new AckClock(1_000, 0, 60_000);
    clock.acked(400, 60_000);
    expect(clock.under_way).toBe(600);
    expect(clock.excess(60_100)).toBe(0);
    clock.acked(1_000, 60_010);
    clock.sent(1, 100, true, 60_020);
    clock.acked(1_001, 60_060);
    expect(clock.floor).toBe(40);
  });

  it('shifts what is under way by a standstill of our own, and learns nothing from it', () => {
    const clock = started(200);
    clock.sent(1, 100, true, 1_000);
    clock.excuse(5_000, 6_100);
    expect(clock.excess(6_200)).toBe(0);
    expect(clock.excess(6_300)).toBe(100);
    clock.acked(2, 6_120);
    expect(clock.floor).toBe(200);
    clock.sent(1, 100, true, 6_200);
    clock.excuse(5_000, 6_300);
    expect(clock.excess(6_500)).toBe(0);
    expect(clock.excess(6_510)).toBe(10);
  });

  it('keeps the age of the oldest message in bounded memory, however many are under way', () => {
    const clock = started();
    for (let i = 0; i < 100_000; i++) clock.sent(1, 100, true, 1_000 + i * 10);
    expect(clock.excess(1_001_000)).toBe(1_000_000 - 50);
    clock.acked(100_001, 1_001_000);
    expect(clock.excess(2_000_000)).toBe(0);
  });

  it('knows the age of the oldest message to 8 ms while few hundred are under way, as one that keeps every time does', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 20 }),
      sent: fc.integer({ min: 0, max: 3 }),
      acked: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const clock = started(0);
        const times: number[] = [];
        let now = 100;
        let acked = 1;
        for (const { wait, ...one } of steps) {
          now += wait;
          if (one.sent > 0) clock.sent(one.sent, 100, true, now);
          for (let i = 0; i < one.sent; i++) times.push(now);
          if (times.length > 60) acked += times.splice(0, times.length - 60).length;
          acked += times.splice(0, one.acked).length;
          clock.acked(acked, now);
          expect(clock.under_way).toBe(times.length);
          const floor = clock.floor ?? 0;
          const age = times.length === 0 ? 0 : now - times[0]!;
          // Never younger than it is, and at most 8 ms older.
          expect(clock.excess(now)).toBeGreaterThanOrEqual(Math.max(0, age - floor));
          expect(clock.excess(now)).toBeLessThanOrEqual(Math.max(0, age + 8 - floor));
        }
      }),
      { numRuns: 200 },
    );
  });
});
