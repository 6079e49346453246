import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeU32 } from '../../../client/src/e2ee/bytes.ts';
import { Counter } from '../../../client/src/e2ee/counter.ts';
import { CONTEXT, isKeyNumber, isSigned, packKid, unpackKid } from '../../../client/src/e2ee/kid.ts';
import type { Context } from '../../../client/src/e2ee/kid.ts';
import { ctrOf, Lanes, MAX_LANE, MAX_SEQUENCE, placeOf } from '../../../client/src/e2ee/lanes.ts';
import { MAX_CTR, MAX_GENERATION, MAX_KID, MAX_STEP } from '../../../client/src/e2ee/limits.ts';

/** Sixteen bytes of their own for each number. */
const idOfNumber = (value: number): Uint8Array<ArrayBuffer> => {
  const id = new Uint8Array(16);
  writeU32(id, 3, value);
  return id;
};

describe('KID', () => {
  it('is generation, step and context, and is read back', () => {
    expect(packKid({ generation: 1, step: 2, context: CONTEXT.VIDEO })).toBe((1 << 7) | (2 << 3) | 3);
    const context = fc.constantFrom<Context>(0, 1, 2, 3, 4);
    fc.assert(
      fc.property(
        fc.nat({ max: MAX_GENERATION }),
        fc.nat({ max: MAX_STEP }),
        context,
        (generation, step, context) => {
          const kid = packKid({ generation, step, context });
          expect(kid).toBeLessThan(2 ** 31);
          expect(unpackKid(kid)).toEqual({ generation, step, context });
        },
      ),
    );
  });

  it('ends below 2^31, and knows five contexts', () => {
    expect(unpackKid(MAX_KID)).toBeUndefined();
    expect(unpackKid(MAX_KID - 3)).toEqual({ generation: MAX_GENERATION, step: MAX_STEP, context: 4 });
    expect(unpackKid(MAX_KID + 1)).toBeUndefined();
    expect(unpackKid(2n ** 63n)).toBeUndefined();
    expect(unpackKid(5)).toBeUndefined();
    expect([0, 1, 2, 3, 4].map((context) => isSigned(context as Context))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('has no generation or step beyond its bits', () => {
    expect(isKeyNumber(MAX_GENERATION, MAX_STEP)).toBe(true);
    for (const [generation, step] of [
      [MAX_GENERATION + 1, 0],
      [0, 16],
      [-1, 0],
      [0, -1],
    ] as const) {
      expect(isKeyNumber(generation, step)).toBe(false);
    }
  });
});

describe('Counter', () => {
  it('gives each number once, up to the highest', () => {
    const counter = new Counter(MAX_SEQUENCE, MAX_SEQUENCE - 1);
    expect(counter.take()).toBe(MAX_SEQUENCE - 1);
    expect(counter.next).toBe(MAX_SEQUENCE);
    expect(counter.take()).toBe(MAX_SEQUENCE);
    expect(() => counter.take()).toThrow(RangeError);
    expect(() => counter.take()).toThrow(RangeError);
  });
});

describe('lanes', () => {
  it('make one CTR of lane and sequence, below 2^32, and are read back', () => {
    expect(ctrOf({ lane: MAX_LANE, sequence: MAX_SEQUENCE })).toBe(MAX_CTR);
    fc.assert(
      fc.property(fc.nat({ max: MAX_LANE }), fc.nat({ max: MAX_SEQUENCE }), (lane, sequence) => {
        expect(placeOf(ctrOf({ lane, sequence }))).toEqual({ lane, sequence });
      }),
    );
  });

  it('give each member its own, from 1 to 255, and free those of members who left', () => {
    const lanes = new Lanes();
    const given = Array.from({ length: 255 }, (_, i) => lanes.of(idOfNumber(i)));
    expect(given).toEqual(Array.from({ length: 255 }, (_, i) => i + 1));
    expect(lanes.of(idOfNumber(7))).toBe(8);
    expect(lanes.of(idOfNumber(1_000))).toBeUndefined();
    lanes.release(idOfNumber(7));
    lanes.release(idOfNumber(2_000));
    expect(lanes.of(idOfNumber(1_000))).toBe(8);
    expect(lanes.of(idOfNumber(7))).toBeUndefined();
  });
});
