import { describe, expect, it, vi } from 'vitest';
import { Ledger } from '../../support/load/ledger.ts';
import { REORDER_MS } from '../../../client/src/e2ee/limits.ts';
import { Listening, spoken } from '../../support/load/talk.ts';

/** What Bob, whose connection may break, hears of Ann. */
function listening() {
  const ledger = new Ledger();
  const ann = { client_id: 'ann', breaks: 0 };
  const bob = { client_id: 'bob', breaks: 0 };
  const ears = new Listening(7, ledger);
  const says = (n: number, room = 7) =>
    ears.hear(ann, bob, spoken({ room, n, breaks: ann.breaks, at: 5 }, 10));
  const breaches = () => ledger.breaches.map((breach) => breach.replace(/^[\d.]+ s: /, ''));
  return { ledger, ann, bob, ears, says, breaches };
}

describe('what a client hears', () => {
  it('is in order and whole, from wherever it begins', () => {
    const { ledger, ann, ears, says, breaches } = listening();
    for (const n of [3, 4, 5]) says(n);
    expect([breaches(), ledger.counts.frames_heard, ears.last(ann)]).toEqual([[], 3, 5]);
  });

  it.each([
    ['twice', [1, 2, 2], 'room 7: message 2 of ann was heard by bob after 2'],
    ['out of order', [2, 1], 'room 7: message 1 of ann was heard by bob after 2'],
    [
      'with a gap',
      [1, 4],
      'room 7: 2 messages of ann before 4 were lost for bob though neither connection broke',
    ],
  ])('is never %s', (_how, numbers, breach) => {
    const { says, breaches } = listening();
    for (const n of numbers) says(n);
    expect(breaches()).toEqual([breach]);
  });

  it.each(['ann', 'bob'] as const)(
    'may have a gap, which is counted, where the connection of %s broke',
    (who) => {
      const { ledger, says, breaches, ...people } = listening();
      says(1);
      people[who].breaks++;
      says(4);
      expect([breaches(), ledger.counts.frames_missing]).toEqual([[], 2]);
      says(6);
      expect(breaches().length).toBe(1);
    },
  );

  it('may have a gap, which is counted, where it was told that some may be lost', () => {
    const { ledger, ann, ears, says, breaches } = listening();
    says(1);
    ears.tear(ann);
    says(4);
    expect([breaches(), ledger.counts.frames_missing, ears.tears(ann)]).toEqual([[], 2, 1]);
    says(6);
    expect(breaches().length).toBe(1);
  });

  it('is of its own room and its own people', () => {
    const { bob, ears, says, breaches } = listening();
    says(1, 8);
    ears.hear(undefined, bob, spoken({ room: 7, n: 1, breaks: 0, at: 5 }, 0));
    const { ann } = listening();
    ears.hear(ann, bob, 'hello');
    expect(breaches()).toEqual([
      'room 7: a foreign frame was heard: 8 1 0 5 ..........',
      'room 7: a foreign frame was heard: 7 1 0 5',
      'room 7: a foreign frame was heard: hello',
    ]);
  });

  it('begins where the speaker knew that the listener was there', () => {
    const { ann, bob, ears, says, breaches } = listening();
    ears.expect(ann, bob, 3);
    ears.expect(ann, bob, 4);
    expect(ears.expects(ann)).toBe(true);
    says(4);
    expect(breaches()).toEqual([
      'room 7: 1 messages of ann before 4 were lost for bob though neither connection broke',
    ]);
    const other = listening();
    other.ears.expect(other.ann, other.bob, 3);
    for (const n of [2, 3, 4]) other.says(n);
    expect(other.breaches()).toEqual([]);
  });

  it('may have a gap where two were apart for longer than messages are kept for sure', () => {
    vi.useFakeTimers();
    try {
      const { ann, ears, says, breaches } = listening();
      says(1);
      vi.advanceTimersByTime(19_000);
      expect(ears.apart(ann)).toBe(false);
      says(3);
      expect(breaches()).toHaveLength(1);
      vi.advanceTimersByTime(21_000);
      ears.hearPose(ann, ann, spoken({ room: 7, n: 1, breaks: 0, at: 5 }, 0));
      expect(ears.apart(ann)).toBe(true);
      says(6);
      says(8);
      expect(breaches()).toHaveLength(1);
      vi.advanceTimersByTime(REORDER_MS);
      expect(ears.apart(ann)).toBe(false);
      says(10);
      expect(breaches()).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('begins anew where its page does', () => {
    const { ears, says, breaches } = listening();
    for (const n of [1, 2]) says(n);
    ears.forget();
    for (const n of [2, 3]) says(n);
    expect(breaches()).toEqual([]);
  });

  it('of poses may have gaps, and shows none twice or behind a newer one', () => {
    const { ann, bob, ears, breaches } = listening();
    for (const n of [1, 4, 4, 3, 5]) ears.hearPose(ann, bob, spoken({ room: 7, n, breaks: 0, at: 5 }, 0));
    expect(breaches()).toEqual([
      'room 7: pose 4 of ann was shown to bob after 4',
      'room 7: pose 3 of ann was shown to bob after 4',
    ]);
  });
});
