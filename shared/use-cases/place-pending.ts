/** Rooms that wait for a place get one, or are given up when their time is over. */
import pLimit from 'p-limit';
import { PLACE_PENDING_MS } from '../domain/liveness.ts';
import { isOpen, type RoomRecord } from '../domain/room.ts';
import { hasPlace, type TaskKind, type TaskRecord } from '../domain/task.ts';
import { closeRoom } from './close-room.ts';
import type { Deps } from './deps.ts';
import { settlePlaced, takePlace } from './place-room.ts';

/** Rooms that are looked at together. */
const BATCH = 64;
/** Rooms that are registered at their tasks at once. */
const WIDTH = 16;

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
 * `up`: tasks of this kind that take rooms only since now.
 */
export async function placePending(
  deps: Deps,
  kind: TaskKind,
  up: readonly TaskRecord[] = [],
): Promise<PlacedPending> {
  const { store, clock, policy, telemetry } = deps;
  const fresh = up.filter((task) => task.task_id !== policy.BACKUP_TASK && hasPlace(task, clock.now()));
  const deadline = clock.now() + PLACE_PENDING_MS;
  const done: PlacedPending = { placed: 0, expired: 0, faults: 0 };
  const seen = new Set<string>();
  let full = false;

  const fault = (error: unknown, room_id?: string) => {
    done.faults++;
    telemetry.warn('a room that waits could not be looked after', { kind, room_id, cause: String(error) });
  };
  const atOnce = pLimit(WIDTH);
  const settle = async (room: RoomRecord) => {
    try {
      if ((await settlePlaced(deps, room)).kind === 'placed') done.placed++;
    } catch (error) {
      fault(error, room.room_id);
    }
  };
  const settling: Promise<void>[] = [];
  const lookAfter = async (room: RoomRecord) => {
    try {
      if (!isOpen(room, clock.now())) {
        // Or the giving up broke off before.
        if (await closeRoom(deps, room, 'expired')) done.expired++;
      } else if (!full && clock.now() < deadline) {
        const taken = await takePlace(deps, room, { fresh });
        if (taken.kind === 'taken') settling.push(atOnce(() => settle(taken.room)));
        full ||= taken.kind === 'waits';
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
      // One place after the other, by age: all would claim them on the few tasks that have just come up.
      for (const room of rooms) await lookAfter(room);
      if (rooms.length < BATCH || full || clock.now() >= deadline) break;
    }
  } catch (error) {
    fault(error);
  }
  await Promise.all(settling);
  return done;
}
