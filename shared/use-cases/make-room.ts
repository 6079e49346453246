import { ROOM_ID_ATTEMPTS, reservationExpiry } from '../domain/liveness.ts';
import type { RequestKey } from '../domain/idempotency.ts';
import { randomRoomId } from '../domain/room-id.ts';
import type { RoomRecord } from '../domain/room.ts';
import type { TaskKind, TaskRecord } from '../domain/task.ts';
import { issueTicket, ticketHash } from '../domain/ticket.ts';
import type { KeyUsed, NewKey } from '../ports/room-store.ts';
import type { Deps } from './deps.ts';
import { newKey } from './replay.ts';

/** What a create asks for. */
export interface Wanted {
  kind: TaskKind;
  max_clients: number;
  /** Whether the room may wait for a place. */
  wait: boolean;
  key: RequestKey | undefined;
}

export type Made =
  | KeyUsed
  | { kind: 'made'; room: RoomRecord; client_id: string; ticket: string }
  | { kind: 'task_unavailable' }
  | { kind: 'rooms_exhausted' };

/**
 * Makes a room with its first seat, on `task` or, without one, waiting for a place. One transaction, tried with other random ids
 * while the id is taken: ids are sparse by configuration.
 */
export async function makeRoom(deps: Deps, task: TaskRecord | undefined, wanted: Wanted): Promise<Made> {
  const { policy, store, clock, random, secrets } = deps;
  const secret = await secrets.get();
  for (let attempt = 0; attempt < ROOM_ID_ATTEMPTS; attempt++) {
    const now = clock.now();
    const client_id = random.uuid();
    const room_id = randomRoomId(policy.ROOM_ID_DIGITS, (below) => random.integer(below));
    const ticket = issueTicket(secret.current, { room_id, client_id, created_at: now });
    const key: NewKey | undefined = wanted.key && newKey(wanted.key, now);
    // A room that waits expires by itself; its seats end with it, or some time after it was given its place.
    const placed_by = task === undefined ? now + policy.PENDING_LIMIT : now;
    const room = {
      room_id,
      epoch: now,
      kind: wanted.kind,
      max_clients: wanted.max_clients,
      created_at: now,
      expires_at: task === undefined ? placed_by : now + policy.ROOM_TTL,
      client: {
        client_id,
        ticket_hash: ticketHash(ticket),
        expires_at: reservationExpiry(placed_by, policy),
      },
    };
    const result = await (task === undefined
      ? store.createPendingRoom(room, policy.MAX_ROOMS, now, key)
      : store.createRoom(room, task, policy.MAX_ROOMS, now, key));
    if (result.kind === 'created') return { kind: 'made', room: result.room, client_id, ticket };
    if (result.kind !== 'room_exists') return result;
  }
  throw new Error(`${ROOM_ID_ATTEMPTS} random room ids were all taken`);
}
