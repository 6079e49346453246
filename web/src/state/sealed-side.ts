/** What a stay has to do with the encryption of its room: whom it covers, what it could not open, and moving on. */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import type { EntryProgress, RoomEvents, SealedRoom, Security } from '@anteroom/client';
import { encodeMessage } from '../protocol/messages.ts';
import { createInvitations } from './invitations.ts';
import type { Invitations } from './invitations.ts';
import type { Log } from './log.ts';
import { createUnreadableTally } from './unreadable.ts';
import type { UnreadableTally } from './unreadable.ts';

/** Who lost the connection is counted for a while yet. Nothing tells when that is over, so the number is asked anew, ms. */
const SAFETY_EVERY_MS = 5_000;

export interface SealedSide {
  readonly security: ReadonlySignal<Security>;
  readonly unreadable: UnreadableTally;
  readonly invitations: Invitations;
  /** Calls `listener` with the safety number now and whenever it may be another; undefined until that is known, if it can be. */
  readonly onSafetyNumber: (listener: (number: string | undefined) => void) => () => void;
  /** Opens a room without `client_ids` and invites the others there. This stay goes on. Rejects with why that failed. */
  readonly moveWithout: (
    client_ids: readonly string[],
    onProgress?: (progress: EntryProgress) => void,
  ) => Promise<SealedRoom>;
  /** Stops listening. */
  readonly dispose: () => void;
}

/** Follows `room`, in which clients are called by `nameOf`. */
export function createSealedSide(
  room: SealedRoom,
  nameOf: (client_id: string) => string,
  log: Pick<Log, 'add'>,
): SealedSide {
  const security = signal<Security>(room.security);
  const unreadable = createUnreadableTally();
  const invitations = createInvitations();

  function trouble({ error, from, to, reason, count = 1 }: RoomEvents['error']): void {
    if (error.code === 'unreadable' && reason !== undefined) unreadable.add(from, reason, count);
    // What is for one alone is the page's own, and not for people.
    else if (error.code === 'not_sent' && to === undefined) log.add({ kind: 'unsent' });
    else if (error.code === 'lost' && from !== undefined) {
      log.add({ kind: 'lost', from, name: nameOf(from), count });
    }
  }

  const stops = [
    room.on('security', (now) => (security.value = now)),
    room.on('error', trouble),
    room.on('move', ({ from, room_id, link }) =>
      invitations.add({ from, name: nameOf(from), room_id, link }),
    ),
  ];

  return {
    security,
    unreadable,
    invitations,
    onSafetyNumber(listener) {
      let newest = 0;
      const ask = (): void => {
        const asked = ++newest;
        const tell = (number: string | undefined): void => {
          if (asked === newest) listener(number);
        };
        room.safetyNumber().then(tell, () => tell(undefined));
      };
      const stop = security.subscribe(() => {
        // The one of before is not that of those who are here now.
        listener(undefined);
        ask();
      });
      const timer = setInterval(ask, SAFETY_EVERY_MS);
      return () => {
        newest = Infinity;
        clearInterval(timer);
        stop();
      };
    },
    async moveWithout(client_ids, onProgress) {
      const next = await room.moveWithout(client_ids, onProgress && { onProgress });
      const note = encodeMessage({ kind: 'move', room_id: next.room_id, without: client_ids });
      const asked = room.members.filter((member) => member.sealed && !client_ids.includes(member.client_id));
      for (const { client_id } of asked) room.sendText(note, { to: client_id });
      return next;
    },
    dispose() {
      for (const stop of stops) stop();
    },
  };
}
