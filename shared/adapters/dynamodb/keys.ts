/** Keys, index names and the parts into which hot items are split. The tables themselves: infra/tables.yml. */
import { createHash } from 'node:crypto';
import type { TaskKind } from '../../domain/task.ts';
import type { SweepName } from '../../ports/room-store.ts';
import type { Place } from './parts.ts';

export interface TableNames {
  tasks: string;
  rooms: string;
}

/** The item with the record itself, beside those of what belongs to it. Sorts before every room id and client id. */
export const TASK = '#task';
export const ROOM = '#room';
/** Records of requests in the Rooms table: their `room_id` is no room id. */
const KEY = '#key';
const FAILURES = '#failures';
/** Connections of the control channel by their id; and by room and client, in partitions of their own: `#connections#<room_id>`. */
const CONNECTION = '#connection';
const CONNECTIONS = '#connections';

export const PLACEMENT_INDEX = 'placement-index';
export const FLEET_INDEX = 'fleet-index';
export const PENDING_INDEX = 'pending-index';

export const FLEET_SHARDS = 8;

/** Value of `fleet`: one of eight, always the same for a task. */
export function fleetShard(task_id: string): string {
  return `fleet#${createHash('sha256').update(task_id).digest()[0]! % FLEET_SHARDS}`;
}

/** The partition with the connections of a room's clients. */
export const connectionsOf = (room_id: string): string => `${CONNECTIONS}#${room_id}`;

/** Where each item is. */
export function places({ tasks, rooms }: TableNames) {
  return {
    task: (task_id: string): Place => ({ table: tasks, key: { task_id, room_id: TASK } }),
    /** The row `[task_id, room_id]`. */
    taskRoom: (task_id: string, room_id: string): Place => ({ table: tasks, key: { task_id, room_id } }),
    quota: (shard: number): Place => ({
      table: tasks,
      key: { task_id: `#quota#${shard}`, room_id: '#quota' },
    }),
    sweepLock: (name: SweepName): Place => ({
      table: tasks,
      key: { task_id: `#lock#${name}`, room_id: '#sweep' },
    }),
    /** What the plans for a kind of task leave to each other. */
    scaling: (kind: TaskKind): Place => ({
      table: tasks,
      key: { task_id: `#scaling#${kind}`, room_id: '#scaling' },
    }),
    room: (room_id: string): Place => ({ table: rooms, key: { room_id, client_id: ROOM } }),
    client: (room_id: string, client_id: string): Place => ({ table: rooms, key: { room_id, client_id } }),
    key: (key_hash: string): Place => ({
      table: rooms,
      key: { room_id: `${KEY}#${key_hash}`, client_id: KEY },
    }),
    failures: (source: string): Place => ({
      table: rooms,
      key: { room_id: `${FAILURES}#${source}`, client_id: FAILURES },
    }),
    connection: (connection_id: string): Place => ({
      table: rooms,
      key: { room_id: `${CONNECTION}#${connection_id}`, client_id: CONNECTION },
    }),
    /** A client's connection among those of its room. */
    connectionOf: (room_id: string, client_id: string): Place => ({
      table: rooms,
      key: { room_id: connectionsOf(room_id), client_id },
    }),
  };
}

export type Places = ReturnType<typeof places>;
