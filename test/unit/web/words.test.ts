import { describe, expect, it } from 'vitest';
import { stopwatch } from '../../../web/src/words.ts';

describe('time that has passed', () => {
  it.each([
    [0, '0:00'],
    [7_999, '0:07'],
    [60_000, '1:00'],
    [754_321, '12:34'],
    // The clock of the machine was set back meanwhile.
    [-5_000, '0:00'],
  ])('%i ms is shown as %s', (ms, shown) => {
    expect(stopwatch(ms)).toBe(shown);
  });
});
