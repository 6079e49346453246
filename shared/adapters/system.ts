/** Clock and randomness of the machine. */
import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms) => {
    await delay(ms);
  },
};

export const systemRandom: Random = {
  fraction: () => Math.random(),
  integer: (below) => randomInt(below),
  uuid: () => randomUUID(),
};
