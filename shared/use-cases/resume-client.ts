import { reservationExpiry } from '../domain/liveness.ts';
import { isOpen, type ClientRecord, type RoomRecord } from '../domain/room.ts';
import { ticketMatches } from '../domain/ticket.ts';
import { StoreBusy } from '../ports/room-store.ts';
import type { Grant } from '../protocol/api.ts';
import { connectClient } from './connect-client.ts';
import type { Deps } from './deps.ts';
import { grantFor, pendingGrant } from './grant.ts';
import { done, type Outcome } from './outcome.ts';
import { countedFailure } from './limit-failures.ts';
import { placeOf } from './place-room.ts';
import { clientNotFound, roomNotFound } from './refusals.ts';

/**
 * How often a resume looks again. A round is lost only to a move of the room or to another resume of the same client, so
 * each round one of a crowd is done: a request may have been repeated many times at once.
 */
const ROUNDS = 24;

/**
 * {@link resumeClient} once `room` and `client` have been read and the ticket is known to be the client's. Whatever has
 * changed since is seen. A seat in a room that waits stays as it is. `cut_off`: the client comes back from its task (see `Seat`).
 */
export async function takeUpSeat(
  deps: Deps,
  room: RoomRecord,
  client: ClientRecord,
  ticket: string,
  cut_off: boolean,
): Promise<Outcome<Grant>> {
  const { store, clock, policy, telemetry } = deps;
  const { room_id, client_id } = client;
  let present = room;
  let known = client;
  for (let round = 0; round < ROUNDS; round++) {
    const seated = await placeOf(deps, present);
    if (seated.kind === 'gone') return roomNotFound(room_id);
    if (seated.kind === 'waits') return done(pendingGrant(deps, present, client_id, ticket));
    if (seated.kind === 'placed') {
      telemetry.count('clients_resumed');
      return done(grantFor(deps, seated.room, client_id, ticket, seated.connect_by));
    }
    present = seated.room;
    const now = clock.now();
    const result = await store.resumeClient(present, known, reservationExpiry(now, policy), now);
    switch (result.kind) {
      case 'room_not_found':
        return roomNotFound(room_id);
      case 'client_not_found':
        return clientNotFound();
      case 'moved':
        present = result.room;
        break;
      case 'superseded':
        known = result.client;
        break;
      case 'resumed': {
        // Who was not told yet that the room is at this task has lost no connection to it.
        const knew = client.updated_at >= result.room.placed_at;
        const connected = await connectClient(deps, {
          room: result.room,
          client: result.client,
          resuming: true,
          cut_off: cut_off && knew,
        });
        if (!connected.ok) return connected;
        telemetry.count('clients_resumed');
        return done(grantFor(deps, connected.value.room, client_id, ticket, connected.value.connect_by));
      }
      default:
        result satisfies never;
    }
  }
  throw new StoreBusy(`client of room ${room_id} kept changing while it was resumed`);
}

/**
 * The same client takes its seat up again: fresh endpoint, same id, ticket and seat (rules 4 and 5). Idempotent. Refusals:
 * `room_not_found`, `client_not_found` (unknown client and wrong ticket alike), `no_task_available`.
 */
export async function resumeClient(
  deps: Deps,
  { room_id, client_id, ticket }: { room_id: string; client_id: string; ticket: string },
): Promise<Outcome<Grant>> {
  // Judged as of now: the read may take long, and the room be extended meanwhile. The write decides.
  const now = deps.clock.now();
  const { room, client } = await deps.store.getRoomAndClient(room_id, client_id);
  if (room === undefined || !isOpen(room, now)) return roomNotFound(room_id);
  if (client === undefined || !ticketMatches(ticket, client.ticket_hash)) return clientNotFound();
  return takeUpSeat(deps, room, client, ticket, true);
}

/**
 * {@link resumeClient} for a request from `address`: resumes that find nothing are counted for it apart from its joins, and
 * beyond the limit they do not tell any more whether there is such a room: `client_not_found`. One with the right ticket is
 * never limited.
 */
export async function resumeFrom(
  deps: Deps,
  client: { room_id: string; client_id: string; ticket: string },
  address: string,
): Promise<Outcome<Grant>> {
  return countedFailure(deps, { address, what: 'resume' }, await resumeClient(deps, client), clientNotFound);
}
