import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BEGINNING_MS,
  REORDER_BYTES,
  REORDER_MESSAGES,
  REORDER_MS,
} from '../../../client/src/e2ee/limits.ts';
import { Reorder } from '../../../client/src/e2ee/reorder.ts';
import type { Delivery } from '../../../client/src/e2ee/reorder.ts';

/** What a buffer told, short: messages as they are, what is missing as 'first–last'. */
const short = (deliveries: Delivery<number>[]): (number | string)[] =>
  deliveries.map((told) => (told.kind === 'message' ? told.message : `${told.first}–${told.last}`));

function begun(start = 0): Reorder<number> {
  const buffer = new Reorder<number>();
  buffer.begin(start);
  return buffer;
}

function accept(
  buffer: Reorder<number>,
  sequence: number,
  now = 0,
  bytes = 0,
): (number | string)[] | 'refused' {
  const acceptance = buffer.accept(sequence, sequence, bytes, now);
  return acceptance.kind === 'refused' ? 'refused' : short(acceptance.deliveries);
}

describe('Reorder', () => {
  it('gives what is due at once, and holds the rest until the gap is closed', () => {
    const buffer = begun(3);
    expect(accept(buffer, 3)).toEqual([3]);
    expect(accept(buffer, 5)).toEqual([]);
    expect(accept(buffer, 6)).toEqual([]);
    expect(buffer.missing()).toEqual([{ first: 4, last: 4 }]);
    expect(accept(buffer, 4)).toEqual([4, 5, 6]);
    expect(buffer.missing()).toEqual([]);
    expect(buffer.deadline).toBeUndefined();
  });

  it('accepts each number once: those that were given, that are held, and that were told to be missing', () => {
    const buffer = begun();
    accept(buffer, 0);
    accept(buffer, 2);
    expect(accept(buffer, 0)).toBe('refused');
    expect(accept(buffer, 2)).toBe('refused');
    expect(short(buffer.expire(REORDER_MS))).toEqual(['1–1', 2]);
    expect(accept(buffer, 1)).toBe('refused');
    expect(accept(buffer, 2)).toBe('refused');
  });

  it('waits ten seconds for each gap, from when it was noticed', () => {
    const buffer = begun();
    accept(buffer, 2, 100);
    accept(buffer, 4, 900);
    expect(buffer.deadline).toBe(100 + REORDER_MS);
    expect(short(buffer.expire(99 + REORDER_MS))).toEqual([]);
    expect(short(buffer.expire(100 + REORDER_MS))).toEqual(['0–1', 2]);
    expect(buffer.deadline).toBe(900 + REORDER_MS);
    expect(short(buffer.expire(900 + REORDER_MS))).toEqual(['3–3', 4]);
    expect(buffer.deadline).toBeUndefined();
  });

  it('waits as long anew where some of what is missing comes, but not for what comes behind it', () => {
    const buffer = begun();
    buffer.expect(4, 100);
    expect(buffer.accept(0, 0, 0, 900)).toMatchObject({ kind: 'accepted', was_missing: true });
    expect(buffer.accept(6, 6, 0, 1_500)).toMatchObject({ kind: 'accepted', was_missing: false });
    expect(buffer.deadline).toBe(900 + REORDER_MS);
    expect(buffer.accept(3, 3, 0, 2_000)).toMatchObject({ kind: 'accepted', was_missing: true });
    expect(short(buffer.expire(1_999 + REORDER_MS))).toEqual([]);
    expect(short(buffer.expire(2_000 + REORDER_MS))).toEqual(['1–2', 3, '4–5', 6]);
  });

  it('waits as long anew where a connection was made anew', () => {
    const buffer = begun();
    buffer.expect(4, 1_000);
    buffer.restart(9_000);
    expect(buffer.deadline).toBe(9_000 + REORDER_MS);
  });

  it('gives up what its sender has not kept, and waits for the rest', () => {
    const buffer = begun();
    accept(buffer, 2, 100);
    accept(buffer, 4, 200);
    buffer.expect(9, 300);
    expect(short(buffer.giveUp(6))).toEqual(['0–1', 2, '3–3', 4, '5–5']);
    expect(buffer.missing()).toEqual([{ first: 6, last: 8 }]);
    expect(buffer.deadline).toBe(300 + REORDER_MS);
    expect(accept(buffer, 5)).toBe('refused');
    expect(short(buffer.giveUp(3))).toEqual([]);
    expect(accept(buffer, 6)).toEqual([6]);
  });

  it('gives up nothing that it does not know to be missing', () => {
    const buffer = begun();
    expect(short(buffer.giveUp(1_000))).toEqual([]);
    buffer.expect(2, 0);
    expect(short(buffer.giveUp(1_000))).toEqual(['0–1']);
    expect(accept(buffer, 2)).toEqual([2]);
    const unbegun = new Reorder<number>();
    accept(unbegun, 4);
    expect(short(unbegun.giveUp(1_000))).toEqual([]);
    expect(short(unbegun.begin(3))).toEqual([]);
  });

  it('holds 1,024 messages, and gives a gap up for the next', () => {
    const buffer = begun();
    for (let i = 1; i <= REORDER_MESSAGES; i++) expect(accept(buffer, i)).toEqual([]);
    const told = accept(buffer, REORDER_MESSAGES + 2);
    expect(told.slice(0, 3)).toEqual(['0–0', 1, 2]);
    expect(told.at(-1)).toBe(REORDER_MESSAGES);
    expect(buffer.missing()).toEqual([{ first: REORDER_MESSAGES + 1, last: REORDER_MESSAGES + 1 }]);
  });

  it('holds as many bytes as its sender keeps, and gives a gap up for the next', () => {
    const buffer = begun();
    const half = REORDER_BYTES / 2;
    expect(accept(buffer, 1, 0, half)).toEqual([]);
    expect(accept(buffer, 3, 0, half)).toEqual([]);
    expect(accept(buffer, 4, 0, 1)).toEqual(['0–0', 1]);
    expect(accept(buffer, 6, 0, half)).toEqual(['2–2', 3, 4]);
    expect(accept(buffer, 7, 0, half)).toEqual([]);
    expect(accept(buffer, 5)).toEqual([5, 6, 7]);
  });

  it('learns of a lost end from what the sender says it has sent', () => {
    const buffer = begun();
    accept(buffer, 0);
    buffer.expect(1, 0);
    expect(buffer.missing()).toEqual([]);
    buffer.expect(4, 50);
    accept(buffer, 2, 60);
    expect(buffer.missing()).toEqual([
      { first: 1, last: 1 },
      { first: 3, last: 3 },
    ]);
    expect(buffer.deadline).toBe(60 + REORDER_MS);
    expect(short(buffer.expire(60 + REORDER_MS))).toEqual(['1–1', 2, '3–3']);
    expect(buffer.deadline).toBeUndefined();
    expect(accept(buffer, 4)).toEqual([4]);
  });

  it('holds what comes before it knows where the lane begins, and then tells what is missing from there', () => {
    const buffer = new Reorder<number>();
    expect(accept(buffer, 7)).toEqual([]);
    expect(buffer.missing()).toEqual([]);
    expect(accept(buffer, 7)).toBe('refused');
    expect(short(buffer.begin(6))).toEqual([]);
    expect(buffer.missing()).toEqual([{ first: 6, last: 6 }]);
    expect(short(buffer.begin(9))).toEqual([]);
    expect(accept(buffer, 6)).toEqual([6, 7]);
  });

  it('begins with what it has where nobody says where, after five seconds or 1,024 messages', () => {
    const late = new Reorder<number>();
    late.expect(1_000, 0);
    expect(late.deadline).toBeUndefined();
    accept(late, 7, 10);
    accept(late, 9, 20);
    expect(short(late.expire(9 + BEGINNING_MS))).toEqual([]);
    expect(short(late.expire(10 + BEGINNING_MS))).toEqual([7]);
    expect(short(late.expire(20 + REORDER_MS))).toEqual(['8–8', 9]);
    const full = new Reorder<number>();
    for (let i = 0; i < REORDER_MESSAGES; i++) expect(accept(full, 50 + i)).toEqual([]);
    expect(accept(full, 50 + REORDER_MESSAGES)).toHaveLength(REORDER_MESSAGES + 1);
  });

  it('gives a held message that is from before the beginning', () => {
    const buffer = new Reorder<number>();
    accept(buffer, 4);
    expect(short(buffer.begin(6))).toEqual([4]);
  });

  it('tells every number once and in order, as message or as missing, whatever is lost, doubled, late or out of order', () => {
    const event = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('arrive' as const), value: fc.nat({ max: 120 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('expect' as const), value: fc.nat({ max: 120 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('give_up' as const), value: fc.nat({ max: 120 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('wait' as const), value: fc.nat({ max: 7_000 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const buffer = begun();
        const arrived = new Set<number>();
        const told: Delivery<number>[] = [];
        let now = 0;
        for (const { kind, value } of events) {
          if (kind === 'wait') now += value;
          if (kind === 'expect') buffer.expect(value, now);
          if (kind === 'give_up') told.push(...buffer.giveUp(value));
          told.push(...buffer.expire(now));
          if (kind !== 'arrive') continue;
          const acceptance = buffer.accept(value, value, 0, now);
          const missed = told.some((t) => t.kind === 'missing' && t.first <= value && value <= t.last);
          expect(acceptance.kind).toBe(arrived.has(value) || missed ? 'refused' : 'accepted');
          if (acceptance.kind === 'accepted') {
            arrived.add(value);
            told.push(...acceptance.deliveries);
          }
          expect(buffer.deadline ?? now).toBeLessThanOrEqual(now + REORDER_MS);
        }
        told.push(...buffer.expire(now + REORDER_MS));
        expect(buffer.missing()).toEqual([]);
        let next = 0;
        for (const one of told) {
          const { first, last } = one.kind === 'message' ? { first: one.message, last: one.message } : one;
          expect(first).toBe(next);
          for (; next <= last; next++) expect(arrived.has(next)).toBe(one.kind === 'message');
        }
        expect(Math.max(-1, ...arrived)).toBeLessThan(next);
      }),
      { numRuns: 300 },
    );
  });
});
