/** Rooms that wait for a place get one, or are given up when their time is over. */
import { PLACE_PENDING_MS } from '../domain/liveness.ts';
import { isOpen, type RoomRecord } from '../domain/room.ts';
import type { TaskKind } from '../domain/task.ts';
import { closeRoom } from './close-room.ts';
import type { Deps } from './deps.ts';
import { inParallel } from './parallel.ts';
import { placeRoom } from './place-room.ts';

/** Rooms that are looked at together. */
const BATCH = 64;
/** Rooms that are placed at once: all claim places on the few tasks that have just come up. */
const WIDTH = 4;

export interface PlacedPending {
  placed: number;
  /** Rooms that were given up. */
  expired: number;
  /** Rooms that could not be dealt with: the next call tries again. */
  faults: number;
}

/**
 * Gives the rooms of a kind that wait their places, the oldest first, until there is no place left or nobody waits, for
 * {@link PLACE_PENDING_MS} at most; gives up those whose time is over. Any number of callers may do so at once. Never throws.
 */
export async function placePending(deps: Deps, kind: TaskKind): Promise<PlacedPending> {
  const { store, clock, telemetry } = deps;
  const deadline = clock.now() + PLACE_PENDING_MS;
  const done: PlacedPending = { placed: 0, expired: 0, faults: 0 };
  const seen = new Set<string>();
  let full = false;

  const fault = (error: unknown, room_id?: string) => {
    done.faults++;
    telemetry.warn('a room that waits could not be looked after', { kind, room_id, cause: String(error) });
  };
  const settleOne = async (room: RoomRecord) => {
    try {
      if (!isOpen(room, clock.now())) {
        // Or the giving up broke off before.
        if (await closeRoom(deps, room, 'expired')) done.expired++;
      } else if (!full && clock.now() < deadline) {
        const placing = await placeRoom(deps, room);
        if (placing.kind === 'placed') done.placed++;
        full ||= placing.kind === 'waits';
      }
    } catch (error) {
      fault(error, room.room_id);
    }
  };

  try {
    for (;;) {
      const listed = await store.listPending(kind, BATCH + seen.size);
      // The index lags behind: rooms that have their place by now may still be in it.
      const rooms = listed.filter(({ room_id }) => !seen.has(room_id)).slice(0, BATCH);
      for (const { room_id } of rooms) seen.add(room_id);
      await inParallel(rooms, settleOne, WIDTH);
      if (rooms.length < BATCH || full || clock.now() >= deadline) return done;
    }
  } catch (error) {
    fault(error);
    return done;
  }
}
