import type { Failures } from '../../domain/guessing.ts';
import type { ClientRecord, RoomRecord } from '../../domain/room.ts';
import type { ScalingMemory } from '../../domain/scaling-types.ts';
import type { TaskKind, TaskRecord, TaskRoom } from '../../domain/task.ts';
import type { ControlConnection, KeyRecord, SweepName } from '../../ports/room-store.ts';

/** A task without the count of its rooms, which follows from the rooms themselves. */
export type StoredTask = Omit<TaskRecord, 'rooms'>;

/** A room with its clients. The count of its clients and, for a CONNECTED client, the expiry follow from this. */
export interface StoredRoom {
  record: Omit<RoomRecord, 'clients'>;
  clients: Map<string, ClientRecord>;
}

/**
 * Everything that the store knows. What DynamoDB must count (rooms of a task, rooms of all, clients of a room) is
 * derived here, so it cannot drift.
 */
export interface MemoryState {
  tasks: Map<string, StoredTask>;
  rooms: Map<string, StoredRoom>;
  /** Room ids by the task that they are placed on; no empty sets. */
  placed: Map<string, Set<string>>;
  /** By the key's hash, and by source: the oldest first, so that those that have expired are at the front. */
  keys: Map<string, KeyRecord>;
  failures: Map<string, Failures>;
  /** Connections of the control channel by their id; and the id of each client's, by room and client. */
  connections: Map<string, ControlConnection>;
  connectionIds: Map<string, Map<string, string>>;
  /** Who holds the lock of a sweep. */
  sweeps: Map<SweepName, { owner: string; until: number }>;
  scaling: Map<TaskKind, { memory: ScalingMemory; version: number }>;
}

export function emptyState(): MemoryState {
  return {
    tasks: new Map(),
    rooms: new Map(),
    placed: new Map(),
    keys: new Map(),
    failures: new Map(),
    connections: new Map(),
    connectionIds: new Map(),
    sweeps: new Map(),
    scaling: new Map(),
  };
}

export function taskRecord(state: MemoryState, task_id: string): TaskRecord | undefined {
  const task = state.tasks.get(task_id);
  return task === undefined ? undefined : { ...task, rooms: state.placed.get(task_id)?.size ?? 0 };
}

export function roomRecord(state: MemoryState, room_id: string): RoomRecord | undefined {
  const room = state.rooms.get(room_id);
  return room === undefined ? undefined : { ...room.record, clients: room.clients.size };
}

/** A client as readers see it: one that is connected expires with its room. */
export function clientRecord(room: StoredRoom, client_id: string): ClientRecord | undefined {
  const client = room.clients.get(client_id);
  if (client === undefined) return undefined;
  return client.status === 'CONNECTED' ? { ...client, expires_at: room.record.expires_at } : { ...client };
}

export function taskRooms(state: MemoryState, task_id: string): TaskRoom[] {
  return [...(state.placed.get(task_id) ?? [])].map((room_id) => {
    const { epoch, placed_at } = state.rooms.get(room_id)!.record;
    return { room_id, epoch, placed_at };
  });
}

export function place(state: MemoryState, task_id: string, room_id: string): void {
  const rooms = state.placed.get(task_id);
  if (rooms === undefined) state.placed.set(task_id, new Set([room_id]));
  else rooms.add(room_id);
}

export function unplace(state: MemoryState, task_id: string, room_id: string): void {
  const rooms = state.placed.get(task_id);
  rooms?.delete(room_id);
  if (rooms?.size === 0) state.placed.delete(task_id);
}

/** Removes a room with its clients and its place, if it has one. */
export function discard(state: MemoryState, room: StoredRoom): void {
  unplace(state, room.record.task_id, room.record.room_id);
  state.rooms.delete(room.record.room_id);
}
