import { describe, expect, it } from 'vitest';
import { benchOptions, PARTS } from '../../../bench/e2ee/options.ts';
import { boutsOn } from '../../../bench/e2ee/sealing/bouts.ts';
import { sealingTables, targetLine } from '../../../bench/e2ee/sealing/report.ts';
import { measureSealing, SIZES } from '../../../bench/e2ee/sealing/rounds.ts';
import type { Result } from '../../../bench/e2ee/sealing/rounds.ts';
import type { Target } from '../../../bench/e2ee/sealing/targets.ts';
import { spreadOf } from '../../../bench/spread.ts';
import { figure, tableOf } from '../../../bench/table.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';

describe('options', () => {
  it('measure in both unless one is named', () => {
    expect(benchOptions([])).toEqual({ quick: false, node: true, chromium: true, json: false, parts: PARTS });
    expect(benchOptions(['--node', '--quick'])).toMatchObject({ node: true, chromium: false, quick: true });
    expect(benchOptions(['--chromium', '--json'])).toMatchObject({ node: false, chromium: true, json: true });
    expect(benchOptions(['--node', '--chromium'])).toMatchObject({ node: true, chromium: true });
    expect(benchOptions(['--only', 'membership'])).toMatchObject({ parts: ['membership'] });
    expect(() => benchOptions(['--only', 'everything'])).toThrow('sealing, membership, receiving');
    expect(() => benchOptions(['--fast'])).toThrow(TypeError);
  });
});

describe('figures', () => {
  it('have a median between the least and the most', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4 });
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  it('stand in columns, with three digits', () => {
    expect([0.1234, 1.234, 12.34, 123.4, 123_456].map(figure)).toEqual([
      '0.12',
      '1.23',
      '12.3',
      '123',
      '123,000',
    ]);
    expect(tableOf(['a', 'bb'], [['ccc', 'd']])).toBe('a    bb\n---  --\nccc   d');
  });
});

describe.each(CRYPTO_PORTS.slice(0, 2))('bouts on $name', ({ port }) => {
  it('seal and open frames of each contender, again and again', async () => {
    const bouts = await boutsOn(port);
    expect(bouts.names()[0]).toBe('Anteroom pose');
    for (const name of bouts.names()) {
      bouts.prepare(name, 100, 40);
      for (let round = 0; round < 2; round++) {
        expect(await bouts.seal()).toBeGreaterThan(0);
        await bouts.load();
        expect(await bouts.open()).toBeGreaterThan(0);
      }
    }
    expect(() => bouts.prepare('rot13', 100, 1)).toThrow('rot13');
  });

  it('notice a frame that does not open', async () => {
    const bouts = await boutsOn(port);
    bouts.prepare('Anteroom pose', 100, 3);
    await bouts.load();
    await bouts.open();
    await expect(bouts.open()).rejects.toThrow('replay');
  });
});

describe('rounds', () => {
  it('give for each size, contender and work the medians, and the ratio to the first', async () => {
    // A machine on which the second takes twice the time, and all CPU.
    let ms = 0;
    let current = { name: '', frames: 0 };
    const work = async (): Promise<number> => {
      const taken = current.frames * (current.name === 'a' ? 0.01 : 0.02);
      ms += taken;
      return taken;
    };
    const target: Target = {
      platform: 'Node',
      version: 'v0',
      bouts: {
        names: async () => ['a', 'b'],
        prepare: async (name, _, frames) => void (current = { name, frames }),
        seal: work,
        load: async () => undefined,
        open: work,
      },
      cpuMs: async () => ms,
      close: async () => undefined,
    };
    const results = await measureSealing(target, { rounds: 3, ms: 100 }, () => undefined);
    expect(results).toHaveLength(SIZES.length * 2 * 2);
    const of = (contender: string, bytes: number): Result =>
      results.find((result) => result.contender === contender && result.bytes === bytes)!;
    expect(of('a', 100)).toMatchObject({ frames: 10_000, ratio: 1 });
    expect(of('a', 100).frames_per_cpu_second).toBeCloseTo(100_000);
    expect(of('b', 100).ratio).toBeCloseTo(2);
    expect(of('b', 16_384).cpu_us.median).toBeCloseTo(20);
    expect(sealingTables(results)).toMatch(/^b +20\.0 +20\.0–20\.0 +20\.0 +50,000 +2\.00×$/m);
    expect(targetLine(results)).toContain('100,000 poses of 100 B per CPU second');
    expect(targetLine(results.filter(({ platform }) => platform === 'Chromium'))).toBeUndefined();
  });
});
