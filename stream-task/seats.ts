/** Seats: the clients that the router registered for a room, connected or not. */
import type { RegisterRequest, TaskRooms } from '../shared/protocol/api.ts';
import { MAX_SLOT } from '../shared/protocol/frame.ts';
import type { Rate } from './rate.ts';
import { Room } from './room.ts';
import type { Session } from './session.ts';
import type { Turns } from './turns.ts';

/** Where a client is: its socket open, or awaited until the timer takes the seat away. */
export type Presence =
  { kind: 'waiting'; timer: NodeJS.Timeout | undefined } | { kind: 'connected'; session: Session };

export interface Seat {
  readonly client_id: string;
  readonly ticket_hash: string;
  /** The highest that the router told us: what remove-client reports. */
  generation: number;
  readonly slot: number;
  /** The seat is kept until then while no socket is open, ms since the Unix epoch; 0 once the client has connected. */
  connect_by: number;
  /** What the client may send, over all its connections; undefined until the first. */
  rate: Rate | undefined;
  presence: Presence;
}

export type NewRoom = Pick<RegisterRequest, 'room_id' | 'created_at' | 'epoch' | 'max_clients'>;

export class SeatedRoom extends Room {
  /** Another room of the same number has another. ms since the Unix epoch. */
  readonly created_at: number;
  readonly seats = new Map<string, Seat>();
  next_slot = 0;
  /** The epoch at which it is served elsewhere, once the router has said so. */
  moved_to: number | undefined;

  constructor(of: NewRoom, turns: Turns) {
    super(of, turns);
    this.created_at = of.created_at;
  }
}

/**
 * A slot that no seat holds. Slots go round rather than being filled up: a late frame to a client that left must not
 * reach the one that came after it. Throws RangeError if all 65,534 are held.
 */
export function takeSlot(room: SeatedRoom): number {
  const held = new Set<number>();
  for (const seat of room.seats.values()) held.add(seat.slot);
  if (held.size > MAX_SLOT) throw new RangeError('Every slot of the room is held');
  let slot = room.next_slot;
  while (held.has(slot)) slot = slot === MAX_SLOT ? 0 : slot + 1;
  room.next_slot = slot === MAX_SLOT ? 0 : slot + 1;
  return slot;
}

/** A seat in `room` for a client that has not come yet. Throws RangeError if no slot is free. */
export function newSeat(room: SeatedRoom, client: RegisterRequest['clients'][number]): Seat {
  const { client_id, ticket_hash, generation, connect_by } = client;
  return {
    client_id,
    ticket_hash,
    generation,
    slot: takeSlot(room),
    connect_by,
    rate: undefined,
    presence: { kind: 'waiting', timer: undefined },
  };
}

/** No seat of `room` is waited for any more; the sessions of those who are connected, which go on. */
export function vacate(room: SeatedRoom): Session[] {
  const sessions: Session[] = [];
  for (const { presence } of room.seats.values()) {
    if (presence.kind === 'waiting') clearTimeout(presence.timer);
    else sessions.push(presence.session);
  }
  return sessions;
}

/** The ticket hashes of all who have a seat. */
export function hashesOf({ seats }: SeatedRoom): ReadonlyMap<string, string> {
  return new Map(Array.from(seats.values(), ({ client_id, ticket_hash }) => [client_id, ticket_hash]));
}

/** A room as `GET /rooms` shows it: no ticket, and no hash of one. */
export function roomView({ room_id, epoch, seats }: SeatedRoom): TaskRooms['rooms'][number] {
  const clients = Array.from(seats.values(), ({ client_id, generation, presence }) => ({
    client_id,
    generation,
    connected: presence.kind === 'connected',
  }));
  return { room_id, epoch, clients };
}
