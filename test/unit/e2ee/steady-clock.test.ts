import { expect, it } from 'vitest';
import { STILL_MS } from '../../../client/src/e2ee/limits.ts';
import { SteadyClock } from '../../../client/src/e2ee/steady-clock.ts';

function clockAt(start: number): { clock: SteadyClock; set: (at: number) => void } {
  let at = start;
  return { clock: new SteadyClock(() => at), set: (to) => (at = to) };
}

it('begins at zero and goes with its source', () => {
  const { clock, set } = clockAt(1_000);
  expect(clock.now()).toBe(0);
  set(1_250);
  expect(clock.now()).toBe(250);
  expect(clock.now()).toBe(250);
});

it('stays where it is when its source is set back, and goes on from there', () => {
  const { clock, set } = clockAt(1_000);
  set(1_400);
  clock.now();
  set(300);
  expect(clock.now()).toBe(400);
  set(350);
  expect(clock.now()).toBe(450);
});

it('counts five seconds of the time that nobody asked it', () => {
  const { clock, set } = clockAt(0);
  set(3_600_000);
  expect(clock.now()).toBe(STILL_MS);
  set(3_600_010);
  expect(clock.now()).toBe(STILL_MS + 10);
});

it('tells when something is due by its source', () => {
  const { clock, set } = clockAt(5_000);
  set(5_100);
  clock.now();
  expect(clock.toSource(150)).toBe(5_150);
});
