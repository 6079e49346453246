import { PLACEMENT_ATTEMPTS } from '../domain/liveness.ts';
import { isLive, type ClientRecord, type RoomRecord } from '../domain/room.ts';
import type { TaskCallFailure } from '../ports/task-client.ts';
import type { ProblemCode } from '../protocol/problem.ts';
import type { Deps } from './deps.ts';
import { registration } from './grant.ts';
import { notifyRoom, placeIn } from './notify-room.ts';
import { pickBackup, pickTask } from './pick-task.ts';

/** How a task says that it takes no room that it does not hold. */
export const WILL_NOT_TAKE: ReadonlySet<string> = new Set<ProblemCode>([
  'task_draining',
  'no_task_available',
]);

/** How a register came out. `connect_by`: until when the task keeps the seats. */
export type Registered = { kind: 'registered'; connect_by: number } | TaskCallFailure;

export type RehomeOutcome =
  /** This caller moved it. `registered`: how the register of all its clients on the new task came out. */
  | { kind: 'rehomed'; room: RoomRecord; registered: Registered }
  /** Another caller moved it first: here it is now. */
  | { kind: 'lost'; room: RoomRecord }
  | { kind: 'no_task' }
  | { kind: 'room_not_found' };

/** Registers clients of a room at the task where it is. */
export async function registerClients(
  { tasks, clock, policy }: Deps,
  room: RoomRecord,
  clients: readonly ClientRecord[],
): Promise<Registered> {
  const connect_by = clock.now() + policy.CONNECT_TIMEOUT;
  const result = await tasks.register(room, registration(room, clients, connect_by));
  return result.kind === 'registered' ? { ...result, connect_by } : result;
}

/** Registers every live client of a room at the task where it was just placed. */
export async function registerEveryone(deps: Deps, room: RoomRecord): Promise<Registered> {
  const rows = await deps.store.getRoomWithClients(room.room_id);
  const now = deps.clock.now();
  return registerClients(deps, room, rows?.clients.filter((client) => isLive(client, now)) ?? []);
}

/**
 * Moves a room whose task is dead to a live one (rule 5): one conditional write on `(task_id, epoch)`, so one caller wins.
 * The winner registers every live client on the new task; they keep ids and tickets, and learn the new url by resuming, or
 * from their control channel. The backup task is taken where no other has a place.
 * `failed`: addresses (urls) that are not tried.
 */
export async function rehomeRoom(
  deps: Deps,
  room: RoomRecord,
  failed: ReadonlySet<string> = new Set(),
): Promise<RehomeOutcome> {
  const { store, clock, telemetry, waker } = deps;
  const except = new Set([room.url, ...failed]);
  // A task that fills up between look and claim is not offered again, but another might fill up too: bounded.
  for (let attempt = 0; attempt < 2 * PLACEMENT_ATTEMPTS; attempt++) {
    const target = (await pickTask(deps, room.kind, except)) ?? (await pickBackup(deps, room.kind, except));
    if (target === undefined) break;
    const result = await store.rehomeRoom(room, target, clock.now());
    if (result.kind === 'task_unavailable') {
      except.add(target.url);
      continue;
    }
    if (result.kind !== 'rehomed') return result;

    telemetry.count('rooms_rehomed');
    telemetry.info('room re-homed', { room_id: room.room_id, from: room.task_id, to: target.task_id });
    const registered = await registerEveryone(deps, result.room);
    // Who could not be registered is when it asks where the room is.
    await notifyRoom(deps, room, { type: 'room.moved', ...placeIn(result.room) });
    return { kind: 'rehomed', room: result.room, registered };
  }
  await waker.wake();
  return { kind: 'no_task' };
}
