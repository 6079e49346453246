import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RETENTION_BYTES, RETENTION_MS } from '../../../client/src/e2ee/limits.ts';
import { Retention } from '../../../client/src/e2ee/retention.ts';

const frame = (length: number) => new Uint8Array(length);
const sequences = (kept: { sequence: number }[]): number[] => kept.map(({ sequence }) => sequence);
const ALL = [{ first: 0, last: 1_000 }];

describe('Retention', () => {
  it('finds the frames of one context and lane, in the ranges that are asked for', () => {
    const retention = new Retention();
    const bytes = Uint8Array.of(1, 2, 3);
    for (let sequence = 0; sequence < 6; sequence++) {
      retention.add({ context: 1, lane: 0, sequence, frame: bytes }, 0);
      retention.add({ context: 1, lane: 2, sequence, frame: frame(1) }, 0);
      retention.add({ context: 0, lane: 0, sequence, frame: frame(1) }, 0);
    }
    const ranges = [
      { first: 4, last: 9 },
      { first: 0, last: 1 },
    ];
    const found = retention.find(1, 0, ranges, 0);
    expect(sequences(found)).toEqual([0, 1, 4, 5]);
    expect(found[0]).toMatchObject({ context: 1, lane: 0, frame: bytes });
    expect(retention.find(1, 1, ranges, 0)).toEqual([]);
  });

  it('forgets a lane and leaves the others', () => {
    const retention = new Retention();
    for (const lane of [0, 3, 4, 3]) retention.add({ context: 1, lane, sequence: lane, frame: frame(7) }, 0);
    retention.forget(3);
    expect(retention.find(1, 3, ALL, 0)).toEqual([]);
    expect([0, 4].flatMap((lane) => sequences(retention.find(1, lane, ALL, 0)))).toEqual([0, 4]);
    expect(retention.bytes).toBe(14);
  });

  it('keeps a frame for 30 seconds', () => {
    const retention = new Retention();
    retention.add({ context: 1, lane: 0, sequence: 0, frame: frame(9) }, 0);
    retention.add({ context: 1, lane: 0, sequence: 1, frame: frame(9) }, 1);
    expect(sequences(retention.find(1, 0, ALL, RETENTION_MS - 1))).toEqual([0, 1]);
    expect(sequences(retention.find(1, 0, ALL, RETENTION_MS))).toEqual([1]);
    expect(retention.find(1, 0, ALL, RETENTION_MS + 1)).toEqual([]);
    expect(retention.bytes).toBe(0);
  });

  it('keeps 256 KB at most, and of those the latest', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 6, max: 65_536 }), { maxLength: 20 }), (lengths) => {
        const retention = new Retention();
        lengths.forEach((length, sequence) => {
          retention.add({ context: 1, lane: 0, sequence, frame: frame(length) }, sequence);
        });
        let expected = lengths.length;
        for (let sum = 0; expected > 0; expected--) {
          sum += lengths[expected - 1]!;
          if (sum > RETENTION_BYTES) break;
        }
        const kept = retention.find(1, 0, ALL, lengths.length);
        expect(sequences(kept)).toEqual(lengths.map((_, i) => i).slice(expected));
        expect(retention.bytes).toBe(kept.reduce((sum, { frame }) => sum + frame.length, 0));
      }),
    );
  });
});
