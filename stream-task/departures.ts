/**
 * The rooms that this task had and has no more. Clients of one that was placed elsewhere are told where, relayed on among
 * themselves meanwhile, and sent away at last.
 */
import { CLOSE } from '../shared/protocol/close-codes.ts';
import type { Left, Moved } from '../shared/protocol/control.ts';
import { LostRooms } from './lost-rooms.ts';
import type { Pulse } from './pulse.ts';
import { hashesOf, type SeatedRoom } from './seats.ts';
import type { Session } from './session.ts';
import type { Ending } from './session-types.ts';

interface Departing {
  /** Those who were connected when the room left. */
  sessions: readonly Session[];
  timer: NodeJS.Timeout;
}

/** What the others are told of one whose connection ended here. */
const REASON = { left: 'gone', closed: 'moved', broke: 'resuming' } as const satisfies Record<
  Ending,
  Left['reason']
>;

export class Departures {
  readonly lost: LostRooms;
  readonly #rooms = new Map<SeatedRoom, Departing>();
  readonly #pulse: Pick<Pulse, 'awake'>;
  readonly #emptied: () => void;

  /** `lost_kept`: see {@link LostRooms}. `emptied` is called whenever the last client of a room has gone. */
  constructor(lost_kept: number, pulse: Pick<Pulse, 'awake'>, emptied: () => void) {
    this.lost = new LostRooms(lost_kept);
    this.#pulse = pulse;
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

  /** The room is not ours up to `epoch`, whatever is on its way here. */
  note(room_id: string, epoch: number): void {
    this.lost.add(room_id, epoch, this.#pulse.awake);
  }

  /** The room, lost up to `epoch`, is nowhere any more: ends `sessions`, which are all that it had. */
  gone(room: SeatedRoom, epoch: number, sessions: readonly Session[]): void {
    this.lost.add(room.room_id, epoch, this.#pulse.awake, { hashes: hashesOf(room), fate: 'gone' });
    endAll(room, sessions, 'gone');
  }

  /**
   * The room, lost up to `epoch`, has `moved`: tells `sessions`, which are all that it had, and ends those that are still
   * there after `wait`, ms. Raw clients understand a close code only (R66).
   */
  leave(room: SeatedRoom, epoch: number, sessions: readonly Session[], moved: Moved, wait: number): void {
    this.lost.add(room.room_id, epoch, this.#pulse.awake, { hashes: hashesOf(room), fate: 'moved' });
    room.moved_to = moved.epoch;
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
      room.announce({ type: 'left', slot, client_id, reason: REASON[ending] });
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
