/** Compares a room's rows with its task's own view of it, and repairs both ways. */
import { SETTLED_MS } from '../domain/liveness.ts';
import { planRepairs, type Repair } from '../domain/reconcile.ts';
import type { ClientRecord, RoomRecord } from '../domain/room.ts';
import type { RegisterRequest, TaskRooms } from '../protocol/api.ts';
import type { Deps } from './deps.ts';
import { registration } from './grant.ts';
import { closeRoom } from './close-room.ts';
import { removeClient } from './remove-client.ts';

/** Carries out one repair. */
async function repair(deps: Deps, room: RoomRecord, step: Repair): Promise<void> {
  const { store, tasks, clock, policy, telemetry } = deps;
  const { room_id, epoch } = room;
  const tell = async (request: RegisterRequest): Promise<void> => {
    const { kind } = await tasks.register(room, request);
    // The next sweep tries again.
    if (kind !== 'registered')
      telemetry.warn('repair not taken', { room_id, task_id: room.task_id, failure: kind });
  };
  switch (step.kind) {
    case 'close':
      await closeRoom(deps, room);
      return;
    case 'remove': {
      const { client_id, generation } = step.client;
      await removeClient(deps, { room_id, epoch, client_id, generation });
      return;
    }
    case 'register':
      await tell(registration(room, step.clients, clock.now() + policy.CONNECT_TIMEOUT));
      return;
    case 'forget':
      await tell({ ...registration(room, [], 0), gone: step.clients });
      return;
    case 'connected': {
      const { client_id, generation } = step.client;
      await store.markConnected({ room_id, epoch, client_id, generation }, clock.now());
      return;
    }
    case 'extend':
      await store.extendRoom(room_id, epoch, step.expires_at);
      return;
    default:
      step satisfies never;
  }
}

/** The rows of a room, read after the snapshot that they are compared with. */
export interface RoomRows {
  room: RoomRecord;
  clients: ClientRecord[];
}

/** Repairs one room against a snapshot of its task. */
export async function repairRoom(deps: Deps, rows: RoomRows, snapshot: TaskRooms): Promise<void> {
  const { clock, policy, telemetry } = deps;
  const { room_id, task_id } = rows.room;
  const seen = snapshot.rooms.find((room) => room.room_id === room_id);
  for (const step of planRepairs(rows, seen, snapshot, clock.now(), policy.ROOM_TTL)) {
    if (step.kind !== 'extend') {
      telemetry.count('repairs');
      telemetry.info('repair', { room_id, task_id, repair: step.kind });
    }
    await repair(deps, rows.room, step);
  }
}

/** Gives up the seats that were reserved and never taken, of a room whose task is not there to do it (rule 7). */
async function removeExpired(deps: Deps, { room, clients }: RoomRows): Promise<void> {
  const { room_id, epoch } = room;
  const over = clients.filter(
    ({ status, expires_at }) => status === 'RESERVED' && expires_at <= deps.clock.now(),
  );
  for (const { client_id, generation } of over)
    await removeClient(deps, { room_id, epoch, client_id, generation });
}

/**
 * Repairs a room by what its task says of it now. False if there is nothing to ask: what has not settled is left alone,
 * and a task that is silent may yet know better than the rows.
 */
export async function reconcileRoom(deps: Deps, room: RoomRecord): Promise<boolean> {
  const { store, tasks, clock } = deps;
  if (room.state === 'PENDING' || room.placed_at > clock.now() - SETTLED_MS) return false;
  const answer = await tasks.rooms(room, room.room_id);
  if (answer.kind !== 'rooms' && answer.kind !== 'unreachable') return false;
  const rows = await store.getRoomWithClients(room.room_id);
  if (rows?.room.task_id !== room.task_id) return true;
  await (answer.kind === 'rooms' ? repairRoom(deps, rows, answer.snapshot) : removeExpired(deps, rows));
  return true;
}
