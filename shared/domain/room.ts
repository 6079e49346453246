/** Rooms and clients as the control plane knows them. All instants are milliseconds since the Unix epoch. */

export type RoomState = 'OPEN' | 'PENDING' | 'CLOSED';

export interface RoomRecord {
  room_id: string;
  task_id: string;
  /** WebSocket address of the task, for grants. */
  url: string;
  /**
   * Grows whenever the room is placed anew. It starts at the room's creation time rather than at 1, so that a
   * room whose id was used before has a higher epoch than anything late of its predecessor.
   */
  epoch: number;
  state: RoomState;
  kind: 'relay' | 'render';
  /** Seats taken: RESERVED and CONNECTED clients. */
  clients: number;
  max_clients: number;
  created_at: number;
  /** When the room was put on its present task. */
  placed_at: number;
  expires_at: number;
  /** The quota shard that counts this room. */
  quota_shard: number;
}

export type ClientStatus = 'RESERVED' | 'CONNECTED';

export interface ClientRecord {
  room_id: string;
  client_id: string;
  status: ClientStatus;
  /** SHA-256 of the ticket string, base64url. */
  ticket_hash: string;
  /** Grants given to this client so far: 1, and one more with each resume. */
  generation: number;
  /**
   * RESERVED: when the reservation is surely over even if the task never says so (see `reservationExpiry`).
   * CONNECTED: with its room.
   */
  expires_at: number;
  /** When this row was last written. */
  updated_at: number;
}

/** Whether the room can still be joined or resumed at `now`. Time to live only collects garbage: readers check. */
export function isOpen(room: RoomRecord, now: number): boolean {
  return room.state !== 'CLOSED' && room.expires_at > now;
}

/** Whether the client still holds its seat at `now` as far as the tables know. */
export function isLive(client: ClientRecord, now: number): boolean {
  return client.status === 'CONNECTED' || client.expires_at > now;
}
