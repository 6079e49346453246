import {
  PLACEMENT_ATTEMPTS,
  PLACEMENT_DEADLINE_MS,
  ROOM_ID_ATTEMPTS,
  reservationExpiry,
} from '../domain/liveness.ts';
import type { RequestKey } from '../domain/idempotency.ts';
import { randomRoomId } from '../domain/room-id.ts';
import type { RoomRecord } from '../domain/room.ts';
import type { TaskKind, TaskRecord } from '../domain/task.ts';
import { issueTicket, ticketHash } from '../domain/ticket.ts';
import type { CreateRoomRequest, Grant } from '../protocol/api.ts';
import type { KeyUsed, NewKey } from '../ports/room-store.ts';
import type { Deps } from './deps.ts';
import { examineTask } from './examine-task.ts';
import { giveUpSeat } from './give-up-seat.ts';
import { grantFor, registration } from './grant.ts';
import { done, refuse, type Outcome } from './outcome.ts';
import { pickTask } from './pick-task.ts';
import { kindNotServed, noTaskAvailable, roomsExhausted } from './refusals.ts';
import { earlierAnswer, newKey, replay } from './replay.ts';

interface Wanted {
  kind: TaskKind;
  max_clients: number;
  key: RequestKey | undefined;
}

type Placed =
  | KeyUsed
  | { kind: 'placed'; room: RoomRecord; client_id: string; ticket: string }
  | { kind: 'task_unavailable' }
  | { kind: 'rooms_exhausted' };

/** One transaction, tried with other random ids while the id is taken: ids are sparse by configuration. */
async function placeRoom(deps: Deps, task: TaskRecord, wanted: Wanted): Promise<Placed> {
  const { policy, store, clock, random, secrets } = deps;
  const secret = await secrets.get();
  for (let attempt = 0; attempt < ROOM_ID_ATTEMPTS; attempt++) {
    const now = clock.now();
    const client_id = random.uuid();
    const room_id = randomRoomId(policy.ROOM_ID_DIGITS, (below) => random.integer(below));
    const ticket = issueTicket(secret.current, { room_id, client_id, created_at: now });
    const key: NewKey | undefined = wanted.key && newKey(wanted.key, now);
    const result = await store.createRoom(
      {
        room_id,
        epoch: now,
        kind: wanted.kind,
        max_clients: wanted.max_clients,
        created_at: now,
        expires_at: now + policy.ROOM_TTL,
        client: { client_id, ticket_hash: ticketHash(ticket), expires_at: reservationExpiry(now, policy) },
      },
      task,
      policy.MAX_ROOMS,
      now,
      key,
    );
    if (result.kind === 'created') return { kind: 'placed', room: result.room, client_id, ticket };
    if (result.kind !== 'room_exists') return result;
  }
  throw new Error(`${ROOM_ID_ATTEMPTS} random room ids were all taken`);
}

/** Places the room, at most three tasks within about five seconds; `first` is the one that is tried first. */
async function place(deps: Deps, wanted: Wanted, first: TaskRecord | undefined): Promise<Outcome<Grant>> {
  const { policy, tasks, clock, telemetry } = deps;
  const deadline = clock.now() + PLACEMENT_DEADLINE_MS;
  const failed = new Set<string>();
  const full = new Set<string>();
  let task = first;
  while (task !== undefined) {
    const placed = await placeRoom(deps, task, wanted);
    if (placed.kind === 'key_used') return replay(deps, placed.key, wanted.key!);
    if (placed.kind === 'rooms_exhausted') {
      telemetry.count('rooms_refused');
      return roomsExhausted(policy.MAX_ROOMS);
    }
    if (placed.kind === 'placed') {
      const { room, client_id, ticket } = placed;
      const connect_by = clock.now() + policy.CONNECT_TIMEOUT;
      const client = { client_id, ticket_hash: ticketHash(ticket), generation: 1 };
      const result = await tasks.register(task, registration(room, [client], connect_by));
      if (result.kind === 'registered') {
        telemetry.count('rooms_created');
        return done(grantFor(deps, room, client_id, ticket, connect_by));
      }
      // Refused: undone. Timed out: unknown, so it is fenced by the same undo; the task learns of it from the answer to
      // its next heartbeat. A repetition of this request that has taken the seat up by now keeps it,
      // and then this one answers the same.
      const undone = await giveUpSeat(deps, room, client_id, wanted.key?.key_hash);
      const repeated = undone !== 'removed' ? await earlierAnswer(deps, wanted.key) : undefined;
      if (repeated !== undefined) return repeated;
      failed.add(task.url);
      await examineTask(deps, task.task_id, result, false);
    } else {
      // Its last place went to another; the index, which lags behind, may still offer it.
      full.add(task.url);
    }
    const oneMore = failed.size < PLACEMENT_ATTEMPTS && clock.now() < deadline;
    task = oneMore ? await pickTask(deps, wanted.kind, new Set([...failed, ...full])) : undefined;
  }
  telemetry.count('rooms_refused');
  return noTaskAvailable();
}

/**
 * Creates a room with one seat and places it on a task (rules 1–3). `key`: the same request again is given the same seat.
 * Refusals: `invalid_request`, `rooms_exhausted`, `no_task_available`, and with a key those of `replay`.
 */
export async function createRoom(
  deps: Deps,
  request: CreateRoomRequest,
  key?: RequestKey,
): Promise<Outcome<Grant>> {
  const { policy } = deps;
  const wanted: Wanted = {
    kind: request.kind ?? 'relay',
    max_clients: request.max_clients ?? policy.MAX_CLIENTS,
    key,
  };
  if (wanted.max_clients > policy.MAX_CLIENTS) {
    return refuse('invalid_request', `A room of this deployment has at most ${policy.MAX_CLIENTS} seats.`, {
      faults: [{ path: 'max_clients', message: `must be at most ${policy.MAX_CLIENTS} here` }],
    });
  }
  if (!policy.KINDS.includes(wanted.kind)) return kindNotServed(wanted.kind, policy.KINDS);

  const [earlier, first] = await Promise.all([
    earlierAnswer(deps, key),
    pickTask(deps, wanted.kind, new Set()),
  ]);
  return earlier ?? place(deps, wanted, first);
}
