import { describe, expect, it } from 'vitest';
import { arrive, depart, reconcile } from '../../../web/src/state/roster.ts';
import type { Roster } from '../../../web/src/state/roster.ts';

const EMPTY: Roster = new Map();
const A_HERE: Roster = new Map([['a', 'here']]);
const A_AWAY: Roster = new Map([['a', 'away']]);

describe('who is in the room', () => {
  it.each([
    ['a newcomer joins', arrive(EMPTY, 'a'), A_HERE, 'joined'],
    ['whoever is here already does not join again', arrive(A_HERE, 'a'), A_HERE, undefined],
    ['whoever was away is back', arrive(A_AWAY, 'a'), A_HERE, 'back'],
    ['a break makes one away', depart(A_HERE, 'a', false), A_AWAY, 'away'],
    ['a second break changes nothing', depart(A_AWAY, 'a', false), A_AWAY, undefined],
    ['whoever is here can leave', depart(A_HERE, 'a', true), EMPTY, 'left'],
    ['whoever is away can leave', depart(A_AWAY, 'a', true), EMPTY, 'left'],
    ['whoever is not there cannot leave', depart(EMPTY, 'a', true), EMPTY, undefined],
  ] as const)('%s', (_name, step, roster, kind) => {
    expect(step.roster).toEqual(roster);
    expect(step.change?.kind).toBe(kind);
  });

  it('is compared with the members after an own break', () => {
    const before: Roster = new Map([
      ['stayed', 'here'],
      ['missing', 'here'],
      ['returned', 'away'],
    ]);
    const { roster, changes } = reconcile(before, ['stayed', 'returned', 'new']);
    expect([...roster]).toEqual([
      ['stayed', 'here'],
      ['missing', 'away'],
      ['returned', 'here'],
      ['new', 'here'],
    ]);
    expect(changes).toEqual([
      { kind: 'away', client_id: 'missing' },
      { kind: 'back', client_id: 'returned' },
      { kind: 'joined', client_id: 'new' },
    ]);
  });

  it('is the same after a break that nobody else noticed', () => {
    expect(reconcile(A_HERE, ['a'])).toEqual({ roster: A_HERE, changes: [] });
  });
});
