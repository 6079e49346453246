import type { ClientRecord, RoomRecord } from '../domain/room.ts';
import type { Grant, RegisterRequest } from '../protocol/api.ts';

/** A grant for a seat in `room`. `connect_by`: when the seat is given to another unless the client has connected. */
export function grantFor(room: RoomRecord, client_id: string, ticket: string, connect_by: number): Grant {
  return {
    room_id: room.room_id,
    client_id,
    url: room.url,
    ticket,
    expires_at: connect_by,
    max_clients: room.max_clients,
    state: 'open',
    epoch: room.epoch,
  };
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
