import { PLACEMENT_ATTEMPTS, PLACEMENT_DEADLINE_MS } from '../domain/liveness.ts';
import type { RequestKey } from '../domain/idempotency.ts';
import type { TaskRecord } from '../domain/task.ts';
import { ticketHash } from '../domain/ticket.ts';
import type { CreateRoomRequest, Grant } from '../protocol/api.ts';
import type { Deps } from './deps.ts';
import { examineTask } from './examine-task.ts';
import { fleetMayGrow } from './fleet-may-grow.ts';
import { giveUpSeat } from './give-up-seat.ts';
import { grantFor, pendingGrant, registration } from './grant.ts';
import { makeRoom, type Made, type Wanted } from './make-room.ts';
import { done, refuse, type Outcome } from './outcome.ts';
import { pickBackup, pickTask } from './pick-task.ts';
import { placeRoom } from './place-room.ts';
import { kindNotServed, noTaskAvailable, roomsExhausted } from './refusals.ts';
import { earlierAnswer, replay } from './replay.ts';

type NotMade = Exclude<Made, { kind: 'made' } | { kind: 'task_unavailable' }>;

/** The answer where no room was made, and trying again would not help. */
async function notMade(deps: Deps, made: NotMade, wanted: Wanted): Promise<Outcome<Grant>> {
  if (made.kind === 'key_used') return replay(deps, made.key, wanted.key!);
  deps.telemetry.count('rooms_refused');
  return roomsExhausted(deps.policy.MAX_ROOMS);
}

type Tried =
  | { kind: 'answer'; outcome: Outcome<Grant> }
  /** No task has a place, besides those `except` these addresses. */
  | { kind: 'no_place'; except: ReadonlySet<string> }
  /** Tasks that have one did not take the room in time. */
  | { kind: 'given_up' };

/**
 * Places the room, at most three tasks within about five seconds; `first` is the one that is tried first, `next` gives another
 * that is at none of those addresses.
 */
async function place(
  deps: Deps,
  wanted: Wanted,
  first: TaskRecord | undefined,
  next: (except: ReadonlySet<string>) => Promise<TaskRecord | undefined>,
): Promise<Tried> {
  const { policy, tasks, clock, telemetry } = deps;
  const deadline = clock.now() + PLACEMENT_DEADLINE_MS;
  const answer = (outcome: Outcome<Grant>): Tried => ({ kind: 'answer', outcome });
  const failed = new Set<string>();
  const full = new Set<string>();
  let task = first;
  while (task !== undefined) {
    const made = await makeRoom(deps, task, wanted);
    if (made.kind === 'made') {
      const { room, client_id, ticket } = made;
      const connect_by = clock.now() + policy.CONNECT_TIMEOUT;
      const client = { client_id, ticket_hash: ticketHash(ticket), generation: 1 };
      const result = await tasks.register(task, registration(room, [client], connect_by));
      if (result.kind === 'registered') {
        telemetry.count('rooms_created');
        return answer(done(grantFor(deps, room, client_id, ticket, connect_by)));
      }
      // Refused: undone. Timed out: unknown, so it is fenced by the same undo; the task learns of it from the answer to
      // its next heartbeat. A repetition of this request that has taken the seat up by now keeps it,
      // and then this one answers the same.
      const undone = await giveUpSeat(deps, room, client_id, wanted.key?.key_hash);
      const repeated = undone !== 'removed' ? await earlierAnswer(deps, wanted.key) : undefined;
      if (repeated !== undefined) return answer(repeated);
      failed.add(task.url);
      await examineTask(deps, task.task_id, result, false);
    } else if (made.kind === 'task_unavailable') {
      // Its last place went to another; the index, which lags behind, may still offer it.
      full.add(task.url);
    } else {
      return answer(await notMade(deps, made, wanted));
    }
    if (failed.size >= PLACEMENT_ATTEMPTS || clock.now() >= deadline) return { kind: 'given_up' };
    task = await next(new Set([...failed, ...full]));
  }
  return { kind: 'no_place', except: new Set([...failed, ...full]) };
}

/** Lets the room wait for a task that is yet to come, and has one come. `failed`: addresses that were tried in vain. */
async function wait(deps: Deps, wanted: Wanted, failed: ReadonlySet<string>): Promise<Outcome<Grant>> {
  const { waker, telemetry } = deps;
  const made = await makeRoom(deps, undefined, wanted);
  if (made.kind === 'task_unavailable') throw new Error('a room that waits needs no task');
  if (made.kind !== 'made') return notMade(deps, made, wanted);
  const { room, client_id, ticket } = made;
  telemetry.count('rooms_pending');
  telemetry.info('a room waits for a task', { room_id: room.room_id, kind: room.kind });
  let waits = true;
  try {
    // A task may have come since we looked, and nobody have seen that this room waits.
    const placing = await placeRoom(deps, room, failed);
    waits = placing.kind === 'waits';
    if (placing.kind === 'placed') {
      telemetry.count('rooms_created');
      return done(grantFor(deps, placing.room, client_id, ticket, placing.connect_by));
    }
  } finally {
    // Also where we do not know: whoever comes for this room by itself comes a minute later.
    if (waits) await waker.wake();
  }
  return done(pendingGrant(deps, room, client_id, ticket));
}

/**
 * Creates a room with one seat and places it on a task (rules 1–3). Where none has a place the room waits, if it may and the
 * fleet may grow: the grant is `pending`; else the backup task serves. `key`: the same request again is given the same seat.
 * Refusals: `invalid_request`, `rooms_exhausted`, `no_task_available`, and with a key those of `replay`.
 */
export async function createRoom(
  deps: Deps,
  request: CreateRoomRequest,
  key?: RequestKey,
): Promise<Outcome<Grant>> {
  const { policy, waker, telemetry } = deps;
  const wanted: Wanted = {
    kind: request.kind ?? 'relay',
    max_clients: request.max_clients ?? policy.MAX_CLIENTS,
    wait: request.wait ?? true,
    key,
  };
  if (wanted.max_clients > policy.MAX_CLIENTS) {
    return refuse('invalid_request', `A room of this deployment has at most ${policy.MAX_CLIENTS} seats.`, {
      faults: [{ path: 'max_clients', message: `must be at most ${policy.MAX_CLIENTS} here` }],
    });
  }
  if (!policy.KINDS.includes(wanted.kind)) return kindNotServed(wanted.kind, policy.KINDS);

  const { kind } = wanted;
  const [earlier, first] = await Promise.all([earlierAnswer(deps, key), pickTask(deps, kind, new Set())]);
  if (earlier !== undefined) return earlier;
  let tried = await place(deps, wanted, first, (except) => pickTask(deps, kind, except));
  if (tried.kind === 'no_place') {
    const grows = await fleetMayGrow(deps, kind);
    if (grows && wanted.wait) return wait(deps, wanted, tried.except);
    if (grows) await waker.wake();
    const backup = await pickBackup(deps, kind, tried.except);
    if (backup !== undefined) tried = await place(deps, wanted, backup, async () => undefined);
  }
  if (tried.kind === 'answer') return tried.outcome;
  telemetry.count('rooms_refused');
  return noTaskAvailable();
}
