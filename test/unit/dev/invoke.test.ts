import { expect, it } from 'vitest';
import { AT_ONCE, failureLine, invoke } from '../../../dev/router/invoke.ts';

const spec = (name: string, timeout_ms = 60_000) => ({ name, timeout_ms, file: 'a.ts', export: 'handler' });

it('a burst waits for its turn, and holds up no other function', async () => {
  const release = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const slow = async () => {
    most = Math.max(most, ++running);
    await release.promise;
    running--;
  };
  const burst = Array.from({ length: AT_ONCE + 8 }, () => invoke(slow, spec('burst'), {}, 'local'));
  const other = await invoke(() => 'done', spec('other'), {}, 'local');
  expect(other).toEqual({ kind: 'returned', value: 'done' });
  expect(running).toBe(AT_ONCE);
  release.resolve();
  const results = await Promise.all(burst);
  expect(results.every(({ kind }) => kind === 'returned')).toBe(true);
  expect(most).toBe(AT_ONCE);
});

it('the time limit and a thrown error are results', async () => {
  const never = () => new Promise(() => undefined);
  const late = await invoke(never, spec('late', 10), {}, 'local');
  expect(late).toEqual({ kind: 'timed_out' });
  const error = new Error('cause');
  const threw = await invoke(() => Promise.reject(error), spec('broken'), {}, 'local');
  expect(threw).toEqual({ kind: 'threw', error });
  expect(failureLine(spec('broken'), { kind: 'threw', error })).toMatch(/^broken threw Error: cause/);
});
