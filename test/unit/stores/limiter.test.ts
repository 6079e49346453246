import { describe, expect, it } from 'vitest';
import { limiter } from '../../../shared/adapters/dynamodb/limit.ts';

describe('limiter', () => {
  it('runs at most so many at once, the others in order as they came', async () => {
    const limited = limiter(2);
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const all = Promise.all(
      [0, 1, 2, 3].map((n) =>
        limited(async () => {
          started.push(n);
          await new Promise<void>((resolve) => finish.push(resolve));
          return n;
        }),
      ),
    );
    const seen: number[][] = [];
    for (let n = 0; n < 4; n++) {
      seen.push([...started]);
      finish[n]!();
      await new Promise(setImmediate);
    }
    expect(seen).toEqual([
      [0, 1],
      [0, 1, 2],
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
    expect(await all).toEqual([0, 1, 2, 3]);
  });

  it('gives the turn on when one fails', async () => {
    const limited = limiter(1);
    await expect(limited(() => Promise.reject(new Error('it failed')))).rejects.toThrow('it failed');
    expect(await limited(() => Promise.resolve('next'))).toBe('next');
  });
});
