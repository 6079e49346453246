/** The control channel: who may listen, and what is answered to who asks. */
import { CONTROL_CONNECTION_MS } from '../domain/liveness.ts';
import { isLive, isOpen, type ClientRecord, type RoomRecord } from '../domain/room.ts';
import { ticketMatches } from '../domain/ticket.ts';
import type { ControlConnection } from '../ports/room-store.ts';
import { CONTROL_PROTOCOL, type ControlPush } from '../protocol/control-channel.ts';
import { listMembers, originAllowed } from '../protocol/offer.ts';
import { parseCredentialsToken } from '../protocol/subprotocol.ts';
import type { Deps } from './deps.ts';
import { tell } from './notify-room.ts';
import { placeOf } from './place-room.ts';

export interface ChannelOffer {
  connection_id: string;
  /** Value of the header Origin; undefined if there is none. */
  origin: string | undefined;
  /** Value of the header Sec-WebSocket-Protocol. */
  subprotocols: string;
}

export type ChannelVerdict =
  | { kind: 'open'; protocol: typeof CONTROL_PROTOCOL }
  /** Answered with this HTTP status in place of 101. */
  | { kind: 'refused'; status: 400 | 401 | 403 };

/**
 * Lets a client listen that has a seat. 403: pages of this origin may not connect; 400: the offer is none of ours; 401: the
 * credentials open no seat. Whether there is such a room is not told.
 */
export async function openChannel(
  { store, clock, policy }: Deps,
  { connection_id, origin, subprotocols }: ChannelOffer,
): Promise<ChannelVerdict> {
  if (!originAllowed(origin, policy.ALLOWED_ORIGINS)) return { kind: 'refused', status: 403 };
  const [protocol, token, ...more] = listMembers(subprotocols);
  const credentials = token === undefined ? undefined : parseCredentialsToken(token);
  if (protocol !== CONTROL_PROTOCOL || credentials === undefined || more.length > 0) {
    return { kind: 'refused', status: 400 };
  }
  const now = clock.now();
  const { room_id, client_id, ticket } = credentials;
  const { room, client } = await store.getRoomAndClient(room_id, client_id);
  const seated =
    room !== undefined &&
    isOpen(room, now) &&
    client !== undefined &&
    ticketMatches(ticket, client.ticket_hash);
  if (!seated) return { kind: 'refused', status: 401 };
  await store.putConnection({
    connection_id,
    room_id,
    client_id,
    room_created_at: room.created_at,
    connected_at: now,
    expires_at: now + CONTROL_CONNECTION_MS,
  });
  return { kind: 'open', protocol: CONTROL_PROTOCOL };
}

/** The connection has ended. */
export async function closeChannel({ store }: Deps, connection_id: string): Promise<void> {
  await store.removeConnection(connection_id);
}

/** Until when the task keeps a seat for its client: as it was told at the last register. */
function connectBy({ policy, clock }: Deps, room: RoomRecord, client: ClientRecord): number {
  if (client.updated_at <= room.placed_at) return room.placed_at + policy.CONNECT_TIMEOUT;
  return client.status === 'CONNECTED' ? clock.now() + policy.RESUME_GRACE : client.expires_at - policy.LEASE;
}

/** How it stands with the room of a connection, and with its client's seat. A room that waits is given a place if there is one. */
async function presentState(
  deps: Deps,
  { room_id, client_id, room_created_at }: ControlConnection,
): Promise<ControlPush> {
  const { store, clock } = deps;
  const now = clock.now();
  const { room, client } = await store.getRoomAndClient(room_id, client_id);
  if (room?.created_at !== room_created_at || !isOpen(room, now)) {
    const expired = room?.created_at === room_created_at && room.state === 'PENDING';
    return { type: 'room.closed', room_id, reason: expired ? 'expired' : 'gone' };
  }
  if (client === undefined || !isLive(client, now)) return { type: 'room.closed', room_id, reason: 'gone' };
  const place = await placeOf(deps, room);
  if (place.kind === 'gone') return { type: 'room.closed', room_id, reason: 'expired' };
  if (place.kind === 'waits') return { type: 'room.pending', room_id, expires_at: room.expires_at };
  const { url, epoch } = place.room;
  const expires_at = place.kind === 'placed' ? place.connect_by : connectBy(deps, place.room, client);
  return { type: 'room.ready', room_id, url, epoch, expires_at };
}

/** Answers a client that asks. One that we know nothing of is ended, so that it comes with its credentials. */
export async function syncChannel(deps: Deps, connection_id: string): Promise<void> {
  const connection = await deps.store.getConnection(connection_id);
  if (connection === undefined) return deps.push?.drop(connection_id);
  await tell(deps, connection, await presentState(deps, connection));
}
