/** Rooms that wait for a place get one, or are given up when their time is over. */
import { PLACE_PENDING_MS, PLACEMENT_ATTEMPTS } from '../domain/liveness.ts';
import { isOpen, type RoomRecord } from '../domain/room.ts';
import type { TaskKind } from '../domain/task.ts';
import { closeRoom } from './close-room.ts';
import type { Deps } from './deps.ts';
import { examineTask } from './examine-task.ts';
import { notifyRoom } from './notify-room.ts';
import { inParallel } from './parallel.ts';
import { pickTask } from './pick-task.ts';
import { registerEveryone, rehomeRoom, WILL_NOT_TAKE, type Registered } from './rehome-room.ts';

/** Rooms that are looked at together. */
const BATCH = 64;
/** Rooms that are placed at once: all claim places on the few tasks that have just come up. */
const WIDTH = 4;

export type Placing =
  /** Everyone in it is registered at its task until `connect_by`. */
  | { kind: 'placed'; room: RoomRecord; connect_by: number }
  /** It has a place, by this caller or another; its clients may not be registered there yet. */
  | { kind: 'elsewhere'; room: RoomRecord }
  /** There is still no place for it. */
  | { kind: 'waits' }
  | { kind: 'gone' };

/** Registers everyone of a room that has just been given its place; one that its task does not take is re-homed once. */
async function settle(deps: Deps, placed: RoomRecord): Promise<Placing> {
  let room = placed;
  let registered: Registered = await registerEveryone(deps, room);
  if (registered.kind !== 'registered') {
    const dead = (await examineTask(deps, room.task_id, registered, false)) === 'dead';
    const leaves = registered.kind === 'refused' && WILL_NOT_TAKE.has(registered.code);
    if (!dead && !leaves) return { kind: 'elsewhere', room };
    const moved = await rehomeRoom(deps, room);
    if (moved.kind !== 'rehomed') return { kind: 'elsewhere', room };
    ({ room, registered } = moved);
  }
  // Its clients come by themselves before long (R70), and are registered then.
  if (registered.kind !== 'registered') return { kind: 'elsewhere', room };
  const { room_id, url, epoch } = room;
  const { connect_by } = registered;
  await notifyRoom(deps, room, { type: 'room.ready', room_id, url, epoch, expires_at: connect_by });
  return { kind: 'placed', room, connect_by };
}

/** Gives `room`, which waits, a place if there is one, and tells its clients. */
export async function placeRoom(deps: Deps, room: RoomRecord): Promise<Placing> {
  const { store, clock, policy, telemetry } = deps;
  const except = new Set<string>();
  // A task that fills up between look and claim is not offered again, but another might fill up too: bounded.
  for (let attempt = 0; attempt < 2 * PLACEMENT_ATTEMPTS; attempt++) {
    const task = await pickTask(deps, room.kind, except);
    if (task === undefined) return { kind: 'waits' };
    const now = clock.now();
    const result = await store.placeRoom(room, task, now + policy.ROOM_TTL, now);
    if (result.kind === 'room_not_found') return { kind: 'gone' };
    if (result.kind === 'lost') return { kind: 'elsewhere', room: result.room };
    if (result.kind === 'rehomed') {
      telemetry.count('rooms_placed');
      telemetry.info('room placed', {
        room_id: room.room_id,
        task_id: task.task_id,
        waited_ms: now - room.created_at,
      });
      return settle(deps, result.room);
    }
    except.add(task.url);
  }
  return { kind: 'waits' };
}

/**
 * Where the clients of `room` find it: if it waits, it is given a place if there is one. A room that is gone is as it was: the
 * write that follows will say so.
 */
export async function placeOf(
  deps: Deps,
  room: RoomRecord,
): Promise<{ kind: 'pending' } | Extract<Placing, { kind: 'placed' | 'elsewhere' }>> {
  if (room.state !== 'PENDING') return { kind: 'elsewhere', room };
  const placing = await placeRoom(deps, room);
  if (placing.kind === 'waits') return { kind: 'pending' };
  return placing.kind === 'gone' ? { kind: 'elsewhere', room } : placing;
}

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
