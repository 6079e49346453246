/** What the lock of a room says: in a few words on the button, and in sentences behind it. */
import type { UnreadableReason } from '@anteroom/client';
import type { KeyFault } from './route.ts';
import type { Lock } from './state/sealing.ts';
import { counted, isolated, listOf } from './words.ts';

/** What is known of the names; undefined for who is not in the room yet. */
type NameOf = (client_id: string) => string | undefined;

/** On the button: where there is little room, `state` alone. */
export interface LockLabel {
  state: string;
  rest: string;
}

const SOMEBODY = 'somebody';

function namesOf(ids: readonly string[], nameOf: NameOf): string {
  const names = ids.map(nameOf).filter((name) => name !== undefined);
  return names.length < ids.length || names.length === 0 ? SOMEBODY : listOf(names);
}

/** At the beginning of a sentence. Names are left as they are. */
const capital = (names: string): string => (names === SOMEBODY ? 'Somebody' : names);

/** One by name, several by number. */
const whoOf = (ids: readonly string[], nameOf: NameOf): string =>
  ids.length > 1 ? counted(ids.length, 'member') : namesOf(ids, nameOf);

export function lockLabel(lock: Lock, nameOf: NameOf): LockLabel {
  if (lock.kind === 'offline') return { state: 'Not connected', rest: '' };
  if (lock.kind === 'securing') return { state: 'Securing…', rest: '' };
  if (lock.kind === 'alone') return { state: 'Sealed', rest: 'nobody else here yet' };
  if (lock.kind === 'sealed') return { state: 'Sealed', rest: counted(lock.members, 'member') };
  const who = whoOf(lock.ids, nameOf);
  const several = lock.ids.length > 1;
  if (lock.kind === 'unsealed') {
    return { state: 'Not all sealed', rest: `${who} ${several ? 'are' : 'is'} not` };
  }
  return { state: 'Who is here?', rest: `${who} ${several ? 'see' : 'sees'} others` };
}

/** What the lock means; each of `paragraphs` a few sentences. */
export interface LockExplanation {
  title: string;
  paragraphs: readonly string[];
}

const SEEN_BETWEEN = 'The servers in between see who sends when and how much, not what.';

export function explainLock(lock: Lock, nameOf: NameOf): LockExplanation {
  if (lock.kind === 'offline') {
    return {
      title: 'Not connected',
      paragraphs: ['Nothing is sent while there is no connection, and nothing unsealed once it is back.'],
    };
  }
  if (lock.kind === 'securing') {
    return {
      title: 'Securing…',
      paragraphs: [
        `Keys are being agreed on with ${namesOf(lock.ids, nameOf)}. It takes a moment; nothing is sent unsealed meanwhile.`,
      ],
    };
  }
  if (lock.kind === 'alone') {
    return {
      title: 'Sealed',
      paragraphs: [
        'Nobody else is here yet. Who comes in by the whole link is sealed with you, and nobody else.',
        SEEN_BETWEEN,
      ],
    };
  }
  if (lock.kind === 'sealed') {
    return {
      title: 'Sealed with everybody here',
      paragraphs: [
        'What you say and where you point is encrypted in your browser, and only the members of this room can read it.',
        SEEN_BETWEEN,
      ],
    };
  }
  const names = capital(namesOf(lock.ids, nameOf));
  if (lock.kind === 'unsealed') {
    return {
      title: `${names} ${lock.ids.length > 1 ? 'are' : 'is'} not sealed`,
      paragraphs: [
        'Who is not sealed has not shown the key of this room: they read nothing of what you say, and you nothing of theirs.',
        lock.sealed > 0
          ? 'Their link may have been cut: send them the whole one. If you do not know who they are, move to a new room without them.'
          : 'One of you does not have the whole link, or not the right one. If you were sent it, ask for it once more; else send yours again.',
      ],
    };
  }
  return {
    title: `${names} and you see different members`,
    paragraphs: [
      'Everybody here is sealed. But for a while now you have not been told of the same members, as if somebody were hidden from one of you. Poor connections do that, too.',
      'Compare the safety number. If it stays different, move to a new room.',
    ],
  };
}

/** Why something could not be opened, to follow "1 frame of Ada: ". */
const REASONS: Readonly<Record<UnreadableReason, string>> = {
  malformed: 'damaged',
  context: 'not what it says it is',
  replay: 'sent a second time',
  tag: 'changed on the way, or forged',
  signature: 'not signed by its sender',
  no_key: 'its key did not come',
  not_sealed: 'not encrypted',
  hello: 'a greeting without the key of this room',
  key: 'its key does not fit',
  identity: 'somebody else in its place',
  full: 'more members than keys are kept of',
};

export function explainUnreadable(name: string | undefined, count: number, reason: UnreadableReason): string {
  const whose = name === undefined ? 'of an unknown sender' : `of ${isolated(name)}`;
  return `${counted(count, 'frame')} ${whose}: ${REASONS[reason]}`;
}

/** Why the link of a room does not let anybody in. */
export const KEY_FAULTS: Readonly<Record<KeyFault, { title: string; detail: string }>> = {
  missing: {
    title: 'This link has no key',
    detail:
      'It ends where the key should follow: a # and 43 characters. Without it nobody can read along here.',
  },
  cut: {
    title: 'This link is cut off',
    detail: 'Part of its key is missing: after the # come 43 characters.',
  },
  wrong: {
    title: 'This link is not right',
    detail: 'What follows the # is no key: it has 43 letters, digits, - and _, and nothing after them.',
  },
};

/** Why something that was pasted as a link does not do, and what would. */
export const INVITE_FAULTS: Readonly<Record<KeyFault | 'number' | 'elsewhere' | 'none', string>> = {
  missing: 'This link has no key: that is what follows the #. Copy the whole link.',
  cut: 'The key of this link is cut off. Copy the whole link.',
  wrong: 'What follows the # of this link is no key. Copy the whole link again.',
  number:
    'The number alone opens no door: rooms are sealed, and the key is in the link. Ask for the whole link.',
  elsewhere: 'This link leads to another site. Open it in the address bar.',
  none: 'That is no link to a room.',
};
