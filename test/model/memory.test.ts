import { expect, it } from 'vitest';
import { checkModel, MEMORY } from './model.ts';

const RUNS = 150;
/** Far more than they take. */
const LIMIT_MS = 90_000;

it('holds every limit and leaks nothing, whatever comes together and whatever fails (in memory)', async () => {
  const { runs, report } = await checkModel(MEMORY, { runs: RUNS, seed: 1, limit: LIMIT_MS });
  expect(report).toBeUndefined();
  expect(runs).toBe(RUNS);
});
