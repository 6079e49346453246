/** What a request answers whose idempotency key has been used before. */
import { mayBeInFlight, type RequestKey } from '../domain/idempotency.ts';
import { isOpen, type ClientRecord, type RoomRecord } from '../domain/room.ts';
import { KEY_LIFETIME_MS } from '../domain/liveness.ts';
import { issueTicket, ticketMatches } from '../domain/ticket.ts';
import type { Grant } from '../protocol/api.ts';
import type { KeyRecord, NewKey } from '../ports/room-store.ts';
import type { Deps } from './deps.ts';
import { isMiss, type Outcome } from './outcome.ts';
import { clientNotFound, keyReused, requestInFlight, roomNotFound } from './refusals.ts';
import { takeUpSeat } from './resume-client.ts';

/** `key` as the store keeps it. */
export function newKey(key: RequestKey, now: number): NewKey {
  return { ...key, expires_at: now + KEY_LIFETIME_MS };
}

/** Whether the task has been told of the client: then nothing of the first request is left to be done. */
async function isRegistered({ tasks }: Deps, room: RoomRecord, client: ClientRecord): Promise<boolean> {
  // Who waits for a place is registered when there is one.
  if (room.state === 'PENDING' || client.status === 'CONNECTED' || client.generation > 1) return true;
  const answer = await tasks.rooms(room, room.room_id);
  if (answer.kind !== 'rooms') return false;
  const seen = answer.snapshot.rooms.find(({ room_id }) => room_id === room.room_id);
  return seen?.epoch === room.epoch && seen.clients.some(({ client_id }) => client_id === client.client_id);
}

/**
 * The client's ticket, by the secret that it was issued with; undefined if that is neither the present nor the previous,
 * also after a fresh look: another instance of the router may have known of a rotation before this one.
 */
async function ticketOf(
  { secrets }: Deps,
  room: RoomRecord,
  client: ClientRecord,
): Promise<string | undefined> {
  for (const fresh of [false, true]) {
    const { current, previous } = await secrets.get({ fresh });
    for (const secret of [current, previous]) {
      const ticket =
        secret === undefined ? undefined : issueTicket(secret, { ...client, created_at: room.created_at });
      if (ticket !== undefined && ticketMatches(ticket, client.ticket_hash)) return ticket;
    }
  }
  return undefined;
}

/**
 * What is answered where the seat that `used` gave is gone. The first request, if that gave it up, has forgotten the key in the
 * same moment: it may go on, perhaps to another task, with the same key. Else the seat had its time, and nobody will be given
 * it any more, however short that was.
 */
async function seatGone(deps: Deps, used: KeyRecord, miss: Outcome<Grant>): Promise<Outcome<Grant>> {
  if (!mayBeInFlight(used.used_at, deps.clock.now())) return miss;
  const present = await deps.store.getKey(used.key_hash);
  return present?.room_id === used.room_id && present.client_id === used.client_id ? miss : requestInFlight();
}

/**
 * The seat that `used` gave, again: the same room, client and ticket, at the address where the room is now. It is a resume
 * of that client, so the first request, should it fail yet, cannot take the seat away any more. Refusals:
 * `idempotency_key_reused`, `request_in_flight` while the first request may still give the seat up, `room_not_found` and
 * `client_not_found` when the seat has been given up since, and those of `takeUpSeat`.
 */
export async function replay(deps: Deps, used: KeyRecord, asked: RequestKey): Promise<Outcome<Grant>> {
  const { store, clock, telemetry } = deps;
  if (used.body_hash !== asked.body_hash) return keyReused();
  const { room_id, client_id, room_created_at, used_at } = used;
  const inFlight = mayBeInFlight(used_at, clock.now());
  const { room, client } = await store.getRoomAndClient(room_id, client_id);
  if (room?.created_at !== room_created_at || !isOpen(room, clock.now())) {
    return seatGone(deps, used, roomNotFound(room_id));
  }
  if (client === undefined) return seatGone(deps, used, clientNotFound());
  if (inFlight && !(await isRegistered(deps, room, client))) return requestInFlight();

  const ticket = await ticketOf(deps, room, client);
  if (ticket === undefined) return clientNotFound();
  // It knows its seat of us alone, and nothing of the task: its register is no second witness of a silence.
  const outcome = await takeUpSeat(deps, room, client, ticket, false);
  if (isMiss(outcome)) return seatGone(deps, used, outcome);
  if (outcome.ok) telemetry.count('requests_replayed');
  return outcome;
}

/** The answer to a request whose key was used before; undefined if there is no key, or it is new. */
export async function earlierAnswer(
  deps: Deps,
  key: RequestKey | undefined,
): Promise<Outcome<Grant> | undefined> {
  const used = key === undefined ? undefined : await deps.store.getKey(key.key_hash);
  if (key === undefined || used === undefined || used.expires_at <= deps.clock.now()) return undefined;
  return replay(deps, used, key);
}
