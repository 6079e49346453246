import { expect, it } from 'vitest';
import { checkModel, MEMORY } from './model.ts';

const RUNS = 2_000;
const LIMIT_MS = 5_000;

it('holds every limit and leaks nothing, whatever comes together and whatever fails (in memory)', async () => {
  const { runs, report } = await checkModel(MEMORY, { runs: RUNS, seed: 1, limit: LIMIT_MS });
  expect(report).toBeUndefined();
  // A machine that is very slow does fewer.
  expect(runs).toBeGreaterThan(10);
});
