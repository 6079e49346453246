/** Ways into rooms that are under way, also those that nobody waits for any more. */
import type { Room } from '@anteroom/client';

export interface Attempt {
  /** Undefined while the room is being created. */
  readonly room_id: string | undefined;
  /** Resolves when the room is live; rejects with why it cannot be entered. */
  readonly room: Promise<Room>;
}

export interface Attempts {
  /** Enters by `connect`; or goes on with the attempt to enter the same room that was given up and has not ended yet. */
  start(room_id: string | undefined, connect: () => Promise<Room>): Attempt;
  /** Nobody waits for `attempt` any more: if it succeeds all the same, its room is given to `giveUp`. */
  abandon(attempt: Attempt): void;
}

/**
 * The router gives a seat before the page knows of it. A request that is cut short leaves that seat taken until it
 * expires, in a small room perhaps the last one; so none is cut short: a seat that is not wanted is given back once it
 * can be, and one that is wanted again is there.
 */
export function createAttempts(giveUp: (room: Room) => void): Attempts {
  const unwanted = new Set<Attempt>();
  return {
    start(room_id, connect) {
      for (const attempt of unwanted) {
        if (room_id === undefined || attempt.room_id !== room_id) continue;
        unwanted.delete(attempt);
        return attempt;
      }
      return { room_id, room: connect() };
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
