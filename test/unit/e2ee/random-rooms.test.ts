/** A few of the random rooms that `npm run model:e2ee` tries for as long as it is told to. */
import { expect, it } from 'vitest';
import { checkRooms } from '../../e2ee-model/model.ts';

it.each([
  ['an honest', false],
  ['a hostile', true],
])(
  'members over %s relay come to agree, and lose nothing without a word',
  async (_, hostile) => {
    const { runs, report } = await checkRooms({ hostile, runs: 25, seed: 1, limit: 4_000 });
    expect(report).toBeUndefined();
    // A machine that is very slow does fewer.
    expect(runs).toBeGreaterThan(0);
  },
  120_000,
);
