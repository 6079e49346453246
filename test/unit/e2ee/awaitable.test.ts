import { describe, expect, it } from 'vitest';
import { allOf } from '../../support/e2ee.ts';
import { chain, Serial } from '../../../client/src/e2ee/awaitable.ts';

describe('chain', () => {
  it('goes on at once with what is there, later with what is not', async () => {
    expect(chain(2, (n) => n + 1)).toBe(3);
    await expect(chain(Promise.resolve(2), (n) => n + 1)).resolves.toBe(3);
  });
});

describe('Serial', () => {
  it('does not begin a task before the last has ended, however long that takes', async () => {
    const serial = new Serial();
    const told: string[] = [];
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const task = (name: string, gate?: Promise<void>) => async () => {
      told.push(`${name} begins`);
      await gate;
      told.push(`${name} ends`);
    };
    const all = [
      serial.run(task('a', gates[0]!.promise)),
      serial.run(task('b', gates[1]!.promise)),
      serial.run(() => told.push('c')),
    ];
    gates[1]!.resolve();
    gates[0]!.resolve();
    await allOf(all);
    expect(told).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c']);
  });

  it('is synchronous where nothing is under way, also again afterwards', async () => {
    const serial = new Serial();
    expect(serial.run(() => 1)).toBe(1);
    await serial.run(async () => undefined);
    await Promise.resolve();
    expect(serial.run(() => 2)).toBe(2);
  });

  it('goes on after a task that failed', async () => {
    const serial = new Serial();
    const failed = serial.run(() => Promise.reject(new Error('no')));
    const next = serial.run(() => 'next');
    await expect(failed).rejects.toThrow('no');
    await expect(next).resolves.toBe('next');
  });
});
