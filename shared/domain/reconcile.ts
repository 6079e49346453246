/** What differs between the rows of a room and its task's own view of it, and how to repair it: pure. */
import type { TaskRooms } from '../protocol/api.ts';
import { CLOCK_SKEW_MS } from './liveness.ts';
import { isLive, isOpen, type ClientRecord, type RoomRecord } from './room.ts';

type SeenRoom = TaskRooms['rooms'][number];

export type Repair =
  /** Nobody is left, or the room has expired. */
  | { kind: 'close' }
  /** The task knows nothing of this seat any more. */
  | { kind: 'remove'; client: ClientRecord }
  /** The task does not know these seats, or knows an older generation of them. */
  | { kind: 'register'; clients: ClientRecord[] }
  /** The task serves clients that have no seat. */
  | { kind: 'forget'; clients: { client_id: string; generation: number }[] }
  /** The client has connected; the heartbeat that said so was lost. */
  | { kind: 'connected'; client: ClientRecord }
  /** Somebody is connected: the room lives on. */
  | { kind: 'extend'; expires_at: number };

/**
 * Plans the repairs of one room. `seen` is the room in the task's snapshot of `taken_at` (undefined: not in it); the rows
 * were read after the snapshot. What is younger than the snapshot, by more than the clocks may differ, is left alone.
 */
export function planRepairs(
  rows: { room: RoomRecord; clients: readonly ClientRecord[] },
  seen: SeenRoom | undefined,
  taken_at: number,
  now: number,
  room_ttl: number,
): Repair[] {
  const { room, clients } = rows;
  const settled = taken_at - CLOCK_SKEW_MS;
  if (room.placed_at > settled) return [];
  // The task serves another epoch: an older one it learns from its next heartbeat, a newer one is younger than our rows.
  if (seen !== undefined && seen.epoch !== room.epoch) return [];

  const seenClients = new Map(seen?.clients.map((client) => [client.client_id, client]));
  const someoneConnected = seen?.clients.some((client) => client.connected) === true;
  if (!isOpen(room, now) && !someoneConnected) return [{ kind: 'close' }];

  if (clients.length === 0) return [{ kind: 'close' }];

  const old = clients.filter((client) => client.updated_at <= settled);
  if (seen === undefined) {
    const live = old.filter((client) => isLive(client, now));
    if (live.length > 0) return [{ kind: 'register', clients: live }];
    return old.length === clients.length ? [{ kind: 'close' }] : [];
  }

  const repairs: Repair[] = [];
  const behind: ClientRecord[] = [];
  for (const client of old) {
    const view = seenClients.get(client.client_id);
    if (view === undefined) repairs.push({ kind: 'remove', client });
    else if (view.generation < client.generation) behind.push(client);
    else if (view.connected && client.status === 'RESERVED') repairs.push({ kind: 'connected', client });
  }
  if (behind.length > 0) repairs.push({ kind: 'register', clients: behind });

  const known = new Set(clients.map((client) => client.client_id));
  const ghosts = seen.clients.filter((client) => !known.has(client.client_id));
  if (ghosts.length > 0) {
    repairs.push({
      kind: 'forget',
      clients: ghosts.map(({ client_id, generation }) => ({ client_id, generation })),
    });
  }
  if (someoneConnected && room.expires_at - now < room_ttl / 2) {
    repairs.push({ kind: 'extend', expires_at: now + room_ttl });
  }
  return repairs;
}
