/** A room with seats, as the router registers it at a relay. */
import { randomBytes, randomUUID } from 'node:crypto';
import { ticketHash } from '../shared/domain/ticket.ts';
import type { RegisterRequest } from '../shared/protocol/api.ts';
import { credentialsToken } from '../shared/protocol/subprotocol.ts';

export interface BenchRoom {
  request: RegisterRequest;
  /** The second subprotocol of each member. */
  credentials: string[];
}

/** A new room of `members`, whose seats are kept for `seat_ms`. */
export function benchRoom(room_id: string, members: number, seat_ms: number): BenchRoom {
  const clients = Array.from({ length: members }, () => ({
    client_id: randomUUID(),
    ticket: randomBytes(32).toString('base64url'),
  }));
  const connect_by = Date.now() + seat_ms;
  return {
    request: {
      room_id,
      created_at: 1,
      epoch: 1,
      max_clients: members,
      clients: clients.map(({ client_id, ticket }) => ({
        client_id,
        ticket_hash: ticketHash(ticket),
        generation: 1,
        connect_by,
      })),
    },
    credentials: clients.map((client) => credentialsToken({ room_id, ...client })),
  };
}
