/** Clock and randomness of the machine. */
import { randomInt, randomUUID } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

export const systemClock: Clock = { now: () => Date.now() };

export const systemRandom: Random = {
  fraction: () => Math.random(),
  integer: (below) => randomInt(below),
  uuid: () => randomUUID(),
};
