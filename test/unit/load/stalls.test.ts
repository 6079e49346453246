import { expect, it } from 'vitest';
import { Stalls } from '../../support/load/stalls.ts';

it('of a time the load stood still for what falls into it', () => {
  const stalls = new Stalls();
  expect(stalls.within(0, 1_000)).toBe(0);
  stalls.note(100, 200);
  stalls.note(300, 350);
  expect(stalls.within(0, 1_000)).toBe(150);
  expect(stalls.within(150, 320)).toBe(70);
  expect(stalls.within(200, 300)).toBe(0);
  expect(stalls.within(350, 400)).toBe(0);
});
