/** Compares a room's rows with its task's own view of it, and repairs both ways. */
import { CLOCK_SKEW_MS } from '../domain/liveness.ts';
import { planRepairs, type Repair } from '../domain/reconcile.ts';
import type { ClientRecord, RoomRecord } from '../domain/room.ts';
import type { TaskRooms } from '../protocol/api.ts';
import type { Deps } from './deps.ts';
import { registration } from './grant.ts';

/** Carries out one repair; the number of seats that it freed. */
async function repair(deps: Deps, room: RoomRecord, step: Repair): Promise<number> {
  const { store, tasks, clock, policy } = deps;
  const { room_id, epoch } = room;
  switch (step.kind) {
    case 'close':
      return (await store.closeRoom(room_id, epoch)) ? room.clients : 0;
    case 'remove': {
      const { client_id, generation } = step.client;
      const removed = await store.removeClient({ room_id, epoch, client_id, generation });
      return removed.kind === 'removed' ? 1 : 0;
    }
    case 'register':
      await tasks.register(room, registration(room, step.clients, clock.now() + policy.CONNECT_TIMEOUT));
      return 0;
    case 'forget':
      await tasks.register(room, { ...registration(room, [], 0), gone: step.clients });
      return 0;
    case 'connected': {
      const { client_id, generation } = step.client;
      await store.markConnected({ room_id, epoch, client_id, generation }, clock.now());
      return 0;
    }
    case 'extend':
      await store.extendRoom(room_id, epoch, step.expires_at);
      return 0;
    default:
      return step satisfies never;
  }
}

/** The rows of a room, read after the snapshot that they are compared with. */
export interface RoomRows {
  room: RoomRecord;
  clients: ClientRecord[];
}

/** Repairs one room against a snapshot of its task; the number of seats that it freed. */
export async function repairRoom(deps: Deps, rows: RoomRows, snapshot: TaskRooms): Promise<number> {
  const { clock, policy, telemetry } = deps;
  const { room_id, task_id } = rows.room;
  const seen = snapshot.rooms.find((room) => room.room_id === room_id);
  let freed = 0;
  for (const step of planRepairs(rows, seen, snapshot.taken_at, clock.now(), policy.ROOM_TTL)) {
    if (step.kind !== 'extend') {
      telemetry.count('repairs');
      telemetry.info('repair', { room_id, task_id, repair: step.kind });
    }
    freed += await repair(deps, rows.room, step);
  }
  return freed;
}

/** Asks the room's task for its view and repairs the room; the number of seats that it freed. 0 if the task is silent. */
export async function reconcileRoom(deps: Deps, room: RoomRecord): Promise<number> {
  // What is younger than a snapshot is left alone, so there is nothing to ask about a room that was only just placed.
  if (room.placed_at > deps.clock.now() - CLOCK_SKEW_MS) return 0;
  const answer = await deps.tasks.rooms(room, room.room_id);
  if (answer.kind !== 'rooms') return 0;
  const rows = await deps.store.getRoomWithClients(room.room_id);
  return rows?.room.task_id === room.task_id ? repairRoom(deps, rows, answer.snapshot) : 0;
}
