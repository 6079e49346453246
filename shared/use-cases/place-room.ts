/** A room that waits for a place gets it. */
import { PLACEMENT_ATTEMPTS } from '../domain/liveness.ts';
import type { RoomRecord } from '../domain/room.ts';
import type { TaskRecord } from '../domain/task.ts';
import type { Deps } from './deps.ts';
import { examineTask } from './examine-task.ts';
import { notifyRoom, placeIn } from './notify-room.ts';
import { pickTask } from './pick-task.ts';
import { registerEveryone, rehomeRoom, WILL_NOT_TAKE, type Registered } from './rehome-room.ts';

export type Placing =
  /** Everyone in it is registered at its task until `connect_by`. */
  | { kind: 'placed'; room: RoomRecord; connect_by: number }
  /** It has a place, by this caller or another; its clients may not be registered there yet. */
  | { kind: 'elsewhere'; room: RoomRecord }
  /** There is still no place for it. */
  | { kind: 'waits' }
  | { kind: 'gone' };

/** Registers and tells everyone of a room that has just been given its place; one that its task does not take is re-homed once. */
export async function settlePlaced(deps: Deps, placed: RoomRecord): Promise<Placing> {
  let room = placed;
  let registered: Registered = await registerEveryone(deps, room);
  if (registered.kind !== 'registered') {
    const dead = (await examineTask(deps, room.task_id, registered, false)) === 'dead';
    const leaves = registered.kind === 'refused' && WILL_NOT_TAKE.has(registered.code);
    const moved = dead || leaves ? await rehomeRoom(deps, room) : undefined;
    if (moved === undefined || moved.kind === 'no_task') {
      // Its clients are registered, or moved on, when they ask where it is.
      await notifyRoom(deps, room, { type: 'room.moved', ...placeIn(room) });
    }
    if (moved?.kind !== 'rehomed') return { kind: 'elsewhere', room };
    ({ room, registered } = moved);
  }
  if (registered.kind !== 'registered') return { kind: 'elsewhere', room };
  const { connect_by } = registered;
  await notifyRoom(deps, room, { type: 'room.ready', ...placeIn(room), expires_at: connect_by });
  return { kind: 'placed', room, connect_by };
}

/**
 * Takes a place for `room`, which waits, if there is one; {@link settlePlaced} is still to be done. `fresh`: tasks that take rooms
 * only since now: the index, which lags behind, may not have them yet. `failed`: addresses that have just been tried in vain.
 */
export async function takePlace(
  deps: Deps,
  room: RoomRecord,
  { fresh = [], failed = new Set() }: { fresh?: readonly TaskRecord[]; failed?: ReadonlySet<string> } = {},
): Promise<{ kind: 'taken'; room: RoomRecord } | Exclude<Placing, { kind: 'placed' }>> {
  const { store, clock, policy, telemetry } = deps;
  const except = new Set(failed);
  // A task that fills up between look and claim is not offered again, but another might fill up too: bounded.
  for (let attempt = 0; attempt < 2 * PLACEMENT_ATTEMPTS; attempt++) {
    const task = (await pickTask(deps, room.kind, except)) ?? fresh.find(({ url }) => !except.has(url));
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
      return { kind: 'taken', room: result.room };
    }
    except.add(task.url);
  }
  return { kind: 'waits' };
}

/** Gives `room`, which waits, a place if there is one, at none of the addresses `failed`, and tells its clients. */
export async function placeRoom(
  deps: Deps,
  room: RoomRecord,
  failed?: ReadonlySet<string>,
): Promise<Placing> {
  const taken = await takePlace(deps, room, failed && { failed });
  return taken.kind === 'taken' ? settlePlaced(deps, taken.room) : taken;
}

/** Where the clients of `room` find it: where it is, or, if it waits, where it is given a place if there is one. */
export async function placeOf(deps: Deps, room: RoomRecord): Promise<Placing> {
  return room.state === 'PENDING' ? placeRoom(deps, room) : { kind: 'elsewhere', room };
}
