/** What differs between the rows of a room and its task's own view of it, and how to repair it: pure. */
import type { TaskRooms } from '../protocol/api.ts';
import { CLOCK_SKEW_MS, SETTLED_MS } from './liveness.ts';
import { isLive, isOpen, type ClientRecord, type RoomRecord } from './room.ts';

type SeenRoom = TaskRooms['rooms'][number];

export type Repair =
  /** The room has expired and no seat is left: nobody can join or resume it any more. */
  | { kind: 'close' }
  /** The task has given this seat up, or nobody ever took it. */
  | { kind: 'remove'; client: ClientRecord }
  /** The task does not know these seats (yet), or knows an older generation of them. */
  | { kind: 'register'; clients: ClientRecord[] }
  /** The task serves clients that have no seat. */
  | { kind: 'forget'; clients: { client_id: string; generation: number }[] }
  /** The client has connected; the heartbeat that said so was lost. */
  | { kind: 'connected'; client: ClientRecord }
  /** Somebody is connected: the room lives on. */
  | { kind: 'extend'; expires_at: number };

/**
 * Whether the task must have known this seat: it has reported the client's connect since the room was placed there and
 * the process started. A seat that it then no longer holds it has given up; any other one it may never have heard of,
 * when a register was lost or the process began anew.
 */
function wasKnown(client: ClientRecord, room: RoomRecord, started_at: number): boolean {
  return (
    client.status === 'CONNECTED' && client.updated_at > Math.max(room.placed_at, started_at) + CLOCK_SKEW_MS
  );
}

/**
 * Plans the repairs of one room. `seen` is the room in the task's snapshot (undefined: not in it); the rows were read after
 * the snapshot. What is not settled by then (see `SETTLED_MS`) is left alone. No repair ends a seat that somebody may
 * still use: when in doubt it is registered, and the task's own time-out decides.
 */
export function planRepairs(
  rows: { room: RoomRecord; clients: readonly ClientRecord[] },
  seen: SeenRoom | undefined,
  snapshot: Pick<TaskRooms, 'taken_at' | 'started_at'>,
  now: number,
  room_ttl: number,
): Repair[] {
  const { room, clients } = rows;
  const settled = snapshot.taken_at - SETTLED_MS;
  if (room.placed_at > settled) return [];
  // The task serves another epoch: an older one it learns from its next heartbeat, a newer one is younger than our rows.
  if (seen !== undefined && seen.epoch !== room.epoch) return [];

  const someoneConnected = seen?.clients.some((client) => client.connected) === true;
  // Nobody comes any more; but who has a seat may still connect, or come back within the grace.
  const held = (seen?.clients.length ?? 0) > 0;
  const reserved = clients.some((client) => client.status === 'RESERVED' && isLive(client, now));
  if (!isOpen(room, now) && !held && !reserved) return [{ kind: 'close' }];

  const repairs: Repair[] = [];
  const unknown: ClientRecord[] = [];
  const views = new Map(seen?.clients.map((client) => [client.client_id, client]));
  for (const client of clients.filter(({ updated_at }) => updated_at <= settled)) {
    const view = views.get(client.client_id);
    if (view === undefined) {
      const over = !isLive(client, now) || wasKnown(client, room, snapshot.started_at);
      if (over) repairs.push({ kind: 'remove', client });
      else unknown.push(client);
    } else if (view.generation < client.generation) unknown.push(client);
    else if (view.connected && client.status === 'RESERVED') repairs.push({ kind: 'connected', client });
  }
  if (unknown.length > 0) repairs.push({ kind: 'register', clients: unknown });

  const seated = new Set(clients.map((client) => client.client_id));
  const ghosts = seen?.clients.filter((client) => !seated.has(client.client_id)) ?? [];
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
