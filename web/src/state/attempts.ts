/** Ways into rooms that are under way, also those that nobody waits for any more. */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import type { EntryProgress, SealedRoom } from '@anteroom/client';

export interface Attempt {
  /** Of the room; undefined while that is being created, unless it waits for a server. */
  readonly link: string | undefined;
  /** How far it is. */
  readonly progress: ReadonlySignal<EntryProgress | undefined>;
  /** Resolves when the room is live; rejects with why it cannot be entered. */
  readonly room: Promise<SealedRoom>;
}

export type Connect = (onProgress: (progress: EntryProgress) => void) => Promise<SealedRoom>;

export interface Attempts {
  /** Enters by `connect`; or goes on with the attempt to enter the same room that was given up and has not ended yet. */
  start(link: string | undefined, connect: Connect): Attempt;
  /** Nobody waits for `attempt` any more: if it succeeds all the same, its room is given to `giveUp`. */
  abandon(attempt: Attempt): void;
}

/**
 * The router gives a seat before the page knows of it. A request that is cut short leaves that seat taken until it
 * expires, in a small room perhaps the last one; so none is cut short: a seat that is not wanted is given back once it
 * can be, and one that is wanted again is there.
 */
export function createAttempts(giveUp: (room: SealedRoom) => void): Attempts {
  const unwanted = new Set<Attempt>();
  return {
    start(link, connect) {
      for (const attempt of unwanted) {
        if (link === undefined || attempt.link !== link) continue;
        unwanted.delete(attempt);
        return attempt;
      }
      const progress = signal<EntryProgress | undefined>(undefined);
      let found = link;
      const room = connect((step) => {
        if (step.status === 'pending') found ??= step.link;
        progress.value = step;
      });
      return {
        get link() {
          return found;
        },
        progress,
        room,
      };
    },
    abandon(attempt) {
      unwanted.add(attempt);
      attempt.room.then(
        (room) => {
          // Not if it was taken up again meanwhile.
          if (unwanted.delete(attempt)) giveUp(room);
        },
        () => unwanted.delete(attempt),
      );
    },
  };
}
