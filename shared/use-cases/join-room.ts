import { reservationExpiry } from '../domain/liveness.ts';
import type { RequestKey } from '../domain/idempotency.ts';
import { isOpen, type RoomRecord } from '../domain/room.ts';
import { issueTicket, ticketHash } from '../domain/ticket.ts';
import type { Grant } from '../protocol/api.ts';
import { StoreBusy } from '../ports/room-store.ts';
import { connectClient } from './connect-client.ts';
import type { Deps } from './deps.ts';
import { giveUpSeat } from './give-up-seat.ts';
import { grantFor, pendingGrant } from './grant.ts';
import { done, isMiss, type Outcome } from './outcome.ts';
import { placeOf } from './place-room.ts';
import { countedFailure, refusedSource, type Source } from './limit-failures.ts';
import { reconcileRoom } from './reconcile-room.ts';
import { roomFull, roomNotFound } from './refusals.ts';
import { newKey, replay, earlierAnswer } from './replay.ts';

/** How often a join looks again at a room that was moved, or had seats reclaimed, while it was being joined. */
const ROUNDS = 5;

/** Who asks to join. */
export interface Joining {
  /** Address that the request comes from: failed joins are counted for it. */
  address?: string | undefined;
  /** The same request again is given the same seat. */
  key?: RequestKey | undefined;
}

/** Takes a new seat in `found`. */
async function takeSeat(deps: Deps, found: RoomRecord, key: RequestKey | undefined): Promise<Outcome<Grant>> {
  const { store, clock, random, secrets, policy, telemetry } = deps;
  const { room_id } = found;
  let room = found;
  let reclaimed = false;
  const client_id = random.uuid();
  const secret = await secrets.get();
  for (let round = 0; round < ROUNDS; round++) {
    const now = clock.now();
    const ticket = issueTicket(secret.current, { room_id, client_id, created_at: room.created_at });
    const result = await store.addClient(
      room,
      {
        client_id,
        ticket_hash: ticketHash(ticket),
        // In a room that waits: some time after it was given its place at the latest.
        expires_at: reservationExpiry(room.state === 'PENDING' ? room.expires_at : now, policy),
      },
      now,
      key && newKey(key, now),
    );
    if (result.kind === 'key_used') return replay(deps, result.key, key!);
    if (result.kind === 'room_not_found') return roomNotFound(room_id);
    if (result.kind === 'moved') {
      room = result.room;
      continue;
    }
    if (result.kind === 'room_full') {
      // Seats that nobody holds any more (their task was lost, or could not reach us) are given back first. Then it is
      // tried once more in any case: another request may have given them back.
      if (!reclaimed) {
        reclaimed = await reconcileRoom(deps, result.room);
        if (reclaimed) continue;
      }
      telemetry.count('clients_refused');
      return roomFull(result.room.max_clients);
    }

    const seated = await placeOf(deps, result.room);
    if (seated.kind === 'waits') {
      telemetry.count('clients_joined');
      return done(pendingGrant(deps, result.room, client_id, ticket));
    }
    // Its time was over just now, and the seat went with it.
    if (seated.kind === 'gone') return roomNotFound(room_id);
    const connected =
      seated.kind === 'placed'
        ? done(seated)
        : await connectClient(deps, {
            room: seated.room,
            client: result.client,
            resuming: false,
            cut_off: false,
          });
    if (!connected.ok) {
      // Whatever epoch the room has by now: this seat is this request's alone, and nobody will ever use it, unless a
      // repetition of the request has taken it up.
      const undone = await giveUpSeat(deps, result.room, client_id, key?.key_hash);
      const repeated = undone === 'ignored' ? await earlierAnswer(deps, key) : undefined;
      return repeated ?? connected;
    }
    telemetry.count('clients_joined');
    return done(grantFor(deps, connected.value.room, client_id, ticket, connected.value.connect_by));
  }
  throw new StoreBusy(`room ${room_id} kept changing while it was joined`);
}

/**
 * Takes a new seat in a room (rules 3 and 4). Refusals: `room_not_found`, `room_full`, `no_task_available`,
 * `rate_limited` for a source whose joins have failed too often, and with a key those of `replay`.
 */
export async function joinRoom(
  deps: Deps,
  { room_id }: { room_id: string },
  { address, key }: Joining = {},
): Promise<Outcome<Grant>> {
  const source: Source | undefined = address === undefined ? undefined : { address, what: 'join' };
  // Judged as of now: the read may take long, and the room be extended meanwhile. The write decides.
  const now = deps.clock.now();
  const [refused, earlier, room] = await Promise.all([
    refusedSource(deps, source),
    earlierAnswer(deps, key),
    deps.store.getRoom(room_id),
  ]);
  // Who repeats a request that was granted, or may yet be, does not guess.
  if (earlier !== undefined && !isMiss(earlier)) return earlier;
  if (refused !== undefined) return refused;
  const open = room !== undefined && isOpen(room, now);
  const outcome = earlier ?? (open ? await takeSeat(deps, room, key) : roomNotFound(room_id));
  return countedFailure(deps, source, outcome);
}
