/**
 * Rooms that were placed elsewhere while clients were connected here. These are told where, relayed on among themselves
 * meanwhile, and sent away at last.
 */
import { CLOSE } from '../shared/protocol/close-codes.ts';
import type { Moved } from '../shared/protocol/control.ts';
import type { SeatedRoom } from './seats.ts';
import type { Session } from './session.ts';
import type { Ending } from './session-types.ts';

interface Departing {
  /** Those who were connected when the room left. */
  sessions: readonly Session[];
  timer: NodeJS.Timeout;
}

export class Departures {
  readonly #rooms = new Map<SeatedRoom, Departing>();
  readonly #emptied: () => void;

  /** `emptied` is called whenever the last client of a room has gone. */
  constructor(emptied: () => void) {
    this.#emptied = emptied;
  }

  /** Rooms of which anybody is still connected here. */
  get rooms(): number {
    return this.#rooms.size;
  }

  /** Clients that are still connected here. */
  get clients(): number {
    let clients = 0;
    for (const room of this.#rooms.keys()) clients += room.members.length;
    return clients;
  }

  /**
   * Tells `sessions` of `room` that it has `moved`, and ends those that are still there after `wait`, ms. Raw clients
   * understand a close code only (R66).
   */
  depart(room: SeatedRoom, sessions: readonly Session[], moved: Moved, wait: number): void {
    if (room.protocol !== 'anteroom.v1' || sessions.length === 0) return endAll(room, sessions, 'moved');
    const timer = setTimeout(() => this.#end(room), wait);
    this.#rooms.set(room, { sessions, timer });
    room.announce(moved);
  }

  /** The connection of `session` has ended: the others hear of it (R64). */
  ended(room: SeatedRoom, { slot, client_id, moved_on }: Session, ending: Ending): void {
    const departing = this.#rooms.get(room);
    if (departing === undefined) return;
    if (room.members.length === 0) {
      clearTimeout(departing.timer);
      this.#over(room);
    } else if (ending === 'left' || !moved_on) {
      room.announce({ type: 'left', slot, client_id, reason: ending === 'left' ? 'gone' : 'moved' });
    }
  }

  /** A client says that it sends elsewhere from now on (R65). False if its room has not moved. */
  movedOn(room: SeatedRoom, session: Session): boolean {
    if (!this.#rooms.has(room)) return false;
    const { slot, client_id } = session;
    room.announce({ type: 'left', slot, client_id, reason: 'moved' }, session);
    return true;
  }

  /** Ends all that were told to go, now. */
  stop(): void {
    for (const room of this.#rooms.keys()) this.#end(room);
  }

  #end(room: SeatedRoom): void {
    const departing = this.#rooms.get(room);
    if (departing === undefined) return;
    clearTimeout(departing.timer);
    // All go at once: nobody hears of the others' going.
    this.#over(room);
    endAll(room, departing.sessions, 'moved');
  }

  #over(room: SeatedRoom): void {
    this.#rooms.delete(room);
    room.end();
    this.#emptied();
  }
}

/** How the connections to a room end that is not served here (any more). */
export const FAREWELL = {
  moved: { code: CLOSE.DRAINING, reason: 'moved' },
  gone: { code: CLOSE.ROOM_GONE, reason: 'gone' },
  draining: { code: CLOSE.DRAINING, reason: 'draining' },
} as const;

/** Ends `sessions` of `room`, which is served here no more. */
export function endAll(
  room: SeatedRoom,
  sessions: readonly Session[],
  farewell: keyof typeof FAREWELL,
): void {
  room.end();
  const { code, reason } = FAREWELL[farewell];
  for (const session of sessions) session.end(code, reason);
}
