import type { ClientRecord, RoomRecord } from '../domain/room.ts';
import type { Grant, OpenGrant, RegisterRequest } from '../protocol/api.ts';
import type { Deps } from './deps.ts';

/** What every grant has. */
function seatIn({ policy }: Pick<Deps, 'policy'>, room: RoomRecord, client_id: string, ticket: string) {
  return {
    room_id: room.room_id,
    client_id,
    ticket,
    max_clients: room.max_clients,
    epoch: room.epoch,
    ...(policy.CONTROL_URL === undefined ? {} : { control_url: policy.CONTROL_URL }),
  };
}

/** A grant for a seat in `room`. `connect_by`: when the seat is given to another unless the client has connected. */
export function grantFor(
  deps: Pick<Deps, 'policy'>,
  room: RoomRecord,
  client_id: string,
  ticket: string,
  connect_by: number,
): OpenGrant {
  return { ...seatIn(deps, room, client_id, ticket), url: room.url, expires_at: connect_by, state: 'open' };
}

/** A grant for a seat in `room`, which waits for a place until it expires. */
export function pendingGrant(
  deps: Pick<Deps, 'policy'>,
  room: RoomRecord,
  client_id: string,
  ticket: string,
): Grant {
  return { ...seatIn(deps, room, client_id, ticket), expires_at: room.expires_at, state: 'pending' };
}

/** What a task is told so that `clients` may connect. */
export function registration(
  room: RoomRecord,
  clients: readonly Pick<ClientRecord, 'client_id' | 'ticket_hash' | 'generation'>[],
  connect_by: number,
): RegisterRequest {
  return {
    room_id: room.room_id,
    created_at: room.created_at,
    epoch: room.epoch,
    max_clients: room.max_clients,
    clients: clients.map(({ client_id, ticket_hash, generation }) => ({
      client_id,
      ticket_hash,
      generation,
      connect_by,
    })),
  };
}
