import pMap from 'p-map';

/** How many calls to the store or to tasks one request has under way at once. */
const WIDTH = 16;

/** `items.map(run)` with a bound on what is under way; the results in order. The first failure fails it all. */
export const inParallel = <T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> =>
  pMap(items, run, { concurrency: WIDTH });
