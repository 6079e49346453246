/** What a sealed channel could not do, as the `error` event tells it: what happened, and what can be done about it. */
import type { Trouble } from './e2ee/channel.ts';
import { AnteroomError } from './errors.ts';
import type { RoomEvents, UnreadableReason } from './types.ts';

const REASONS: Record<UnreadableReason, string> = {
  malformed: 'is no frame of this protocol. Its sender may run another version of the SDK',
  context: 'is sealed for another class than it says',
  replay: 'came before',
  tag: 'was not sealed like this with the key of its sender: it was changed on its way, or is by somebody else',
  signature: 'was sealed with the key of its sender, but not signed by it: another member may have forged it',
  no_key: 'came, but its key did not. A sender that has just come or gone is the usual cause',
  not_sealed: 'is not encrypted. Its sender may have joined without the link',
  hello:
    'greets us without the secret of the link, or in the name of another. Its sender may have another link',
  key: 'brought a key that does not open, or that is refused',
  identity: 'is by somebody with another identity than the member who had this client id',
  full: 'is by a member beyond those whose keys are kept: there are too many in the room',
};

const plural = (count: number, word: string): string => (count === 1 ? `A ${word}` : `${count} ${word}s`);

function unreadable({ from, reason, count }: Extract<Trouble, { kind: 'unreadable' }>): RoomEvents['error'] {
  const whose = from === undefined ? 'of nobody who is here' : `of ${from}`;
  const each = count === 1 ? 'it' : 'each';
  const error = new AnteroomError(
    'unreadable',
    `${plural(count, 'frame')} ${whose} cannot be read and was dropped: ${each} ${REASONS[reason]}`,
  );
  return from === undefined ? { error, reason, count } : { error, from, reason, count };
}

function lost({ from, count }: Extract<Trouble, { kind: 'lost' }>): RoomEvents['error'] {
  const message = `${plural(count, 'message')} of ${from} did not arrive and will not come any more. Ask for what is missing`;
  return { error: new AnteroomError('lost', message), from, count };
}

/** The value of the `error` event. */
export function errorOfTrouble(trouble: Trouble): RoomEvents['error'] {
  if (trouble.kind === 'unreadable') return unreadable(trouble);
  if (trouble.kind === 'lost') return lost(trouble);
  const { to, why } = trouble;
  const whom = to === undefined ? '' : ` to ${to}`;
  const error = new AnteroomError('not_sent', `A message${whom} reached nobody: ${why}. Send it again`);
  return to === undefined ? { error } : { error, to };
}
