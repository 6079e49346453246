import { describe, expect, it } from 'vitest';
import { Ledger } from '../../soak/ledger.ts';
import { Listening, spoken } from '../../soak/talk.ts';

/** What Bob, whose connection may break, hears of Ann. */
function listening() {
  const ledger = new Ledger();
  const ann = { client_id: 'ann', breaks: 0 };
  const bob = { client_id: 'bob', breaks: 0 };
  const ears = new Listening(7, ledger);
  const says = (n: number, room = 7) => ears.hear(ann, bob, spoken({ room, n, breaks: ann.breaks }, 10));
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
    ['twice', [1, 2, 2], 'room 7: frame 2 of ann was heard after 2'],
    ['out of order', [2, 1], 'room 7: frame 1 of ann was heard after 2'],
    ['with a gap', [1, 4], 'room 7: 2 frames of ann before 4 were lost though neither connection broke'],
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

  it('is of its own room and its own people', () => {
    const { bob, ears, says, breaches } = listening();
    says(1, 8);
    ears.hear(undefined, bob, spoken({ room: 7, n: 1, breaks: 0 }, 0));
    const { ann } = listening();
    ears.hear(ann, bob, 'hello');
    expect(breaches()).toEqual([
      'room 7: a foreign frame was heard: 8 1 0 ..........',
      'room 7: a foreign frame was heard: 7 1 0',
      'room 7: a foreign frame was heard: hello',
    ]);
  });
});
