import type { Security, UnreadableReason } from '@anteroom/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  explainLock,
  explainUnreadable,
  INVITE_FAULTS,
  KEY_FAULTS,
  lockLabel,
} from '../../../web/src/explain-sealing.ts';
import type { Connection } from '../../../web/src/state/connection.ts';
import { lockOf, sealingOf } from '../../../web/src/state/sealing.ts';
import type { Lock } from '../../../web/src/state/sealing.ts';

type Standing = Exclude<Security, { status: 'unencrypted' }>;

const LIVE: Connection = { status: 'live' };
const NAMES = new Map([
  ['a', 'Ada'],
  ['b', 'Bob'],
]);
const nameOf = (client_id: string): string | undefined => NAMES.get(client_id);

/** As the SDK derives the status. */
function standing(lists: Partial<Omit<Standing, 'status'>>): Standing {
  const { sealed = [], securing = [], unsealed = [], disagreeing = [] } = lists;
  const status = securing.length > 0 ? 'securing' : unsealed.length > 0 ? 'partly_sealed' : 'sealed';
  return { status, sealed, securing, unsealed, disagreeing };
}

const lock = (lists: Partial<Omit<Standing, 'status'>>, connection: Connection = LIVE): Lock =>
  lockOf(standing(lists), connection);

/** The words on the button, names without the marks that isolate them. */
function words(shown: Lock): string {
  const { state, rest } = lockLabel(shown, nameOf);
  return [state, rest]
    .filter(Boolean)
    .join(' · ')
    .replace(/[\u2068\u2069]/gu, '');
}

const titleOf = (shown: Lock): string => explainLock(shown, nameOf).title.replace(/[\u2068\u2069]/gu, '');

describe('the lock', () => {
  it.each([
    ['nobody else is here', lock({}), 'Sealed · nobody else here yet'],
    ['one other is sealed', lock({ sealed: ['a'] }), 'Sealed · 2 members'],
    ['somebody comes', lock({ sealed: ['a'], securing: ['x'] }), 'Securing…'],
    ['one is not sealed', lock({ sealed: ['a'], unsealed: ['b'] }), 'Not all sealed · Bob is not'],
    ['a stranger is not', lock({ unsealed: ['x'] }), 'Not all sealed · somebody is not'],
    ['two are not', lock({ unsealed: ['b', 'x'] }), 'Not all sealed · 2 members are not'],
    [
      'one is not while another comes',
      lock({ unsealed: ['b'], securing: ['x'] }),
      'Not all sealed · Bob is not',
    ],
    ['one disagrees', lock({ sealed: ['a', 'b'], disagreeing: ['a'] }), 'Who is here? · Ada sees others'],
    [
      'two disagree',
      lock({ sealed: ['a', 'b'], disagreeing: ['a', 'b'] }),
      'Who is here? · 2 members see others',
    ],
    ['the connection is new', lock({}, { status: 'securing' }), 'Securing…'],
  ])('says so where %s', (_, shown, label) => {
    expect(words(shown)).toBe(label);
  });

  it('promises nothing while there is no connection', () => {
    const breaks: Connection[] = [
      { status: 'connecting' },
      { status: 'reconnecting', since: 0, attempt: 1, retry_at: undefined },
      { status: 'closed', reason: { kind: 'gone' } },
    ];
    for (const connection of breaks) expect(words(lock({ sealed: ['a'] }, connection))).toBe('Not connected');
  });

  it('says Sealed only where everybody who is connected is', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
    expect(() =>
      fc.assert(
        fc.property(ids, ids, ids, ids, (sealed, securing, unsealed, disagreeing) => {
          const { kind } = lock({ sealed, securing, unsealed, disagreeing });
          const well = [securing, unsealed, disagreeing].every((list) => list.length === 0);
          return (
            (kind === 'sealed' || kind === 'alone') === well &&
            (kind === 'alone') === (well && sealed.length === 0)
          );
        }),
      ),
    ).not.toThrow();
  });

  it('never shows a room that is not encrypted as sealed', () => {
    expect(words(lockOf({ status: 'unencrypted' }, LIVE))).toBe('Not all sealed · somebody is not');
    expect(sealingOf({ status: 'unencrypted' }, 'a')).toBe('unsealed');
  });

  it('explains itself, and names whom it is about', () => {
    expect(titleOf(lock({ sealed: ['a'], unsealed: ['b'] }))).toBe('Bob is not sealed');
    expect(titleOf(lock({ unsealed: ['a', 'b'] }))).toBe('Ada and Bob are not sealed');
    expect(titleOf(lock({ unsealed: ['x'] }))).toBe('Somebody is not sealed');
    expect(titleOf(lock({ sealed: ['a'], disagreeing: ['a'] }))).toBe('Ada and you see different members');
    const partly = explainLock(lock({ sealed: ['a'], unsealed: ['b'] }), nameOf).paragraphs.join(' ');
    const alone = explainLock(lock({ unsealed: ['b'] }), nameOf).paragraphs.join(' ');
    // Where none of the others is sealed, it may be the own link that is wrong.
    expect([partly.includes('Their link'), alone.includes('One of you')]).toEqual([true, true]);
  });
});

describe('each of the others', () => {
  it('is sealed, being secured, not sealed, or not connected', () => {
    const now = standing({ sealed: ['a'], securing: ['b'], unsealed: ['c'] });
    expect(['a', 'b', 'c', 'd'].map((id) => sealingOf(now, id))).toEqual([
      'sealed',
      'securing',
      'unsealed',
      undefined,
    ]);
  });
});

describe('words', () => {
  const REASONS: UnreadableReason[] = [
    'malformed',
    'context',
    'replay',
    'tag',
    'signature',
    'no_key',
    'not_sealed',
    'hello',
    'key',
    'identity',
    'full',
  ];

  it.each(REASONS)('say whose frames could not be opened, and why: %s', (reason) => {
    expect(explainUnreadable('Ada', 1, reason)).toMatch(/^1 frame of \u2068Ada\u2069: \S/u);
    expect(explainUnreadable(undefined, 2, reason)).toMatch(/^2 frames of an unknown sender: \S/u);
  });

  it('of a link that does not do say what is missing, and the way out', () => {
    for (const fault of Object.values(INVITE_FAULTS)) expect(fault).toMatch(/^[A-Z].*\.$/);
    for (const fault of Object.values(KEY_FAULTS)) expect(fault.detail).toMatch(/43/);
    expect(INVITE_FAULTS.number).toContain('whole link');
  });
});
