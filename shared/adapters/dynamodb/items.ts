/**
 * Items and the records that they hold. Attributes have the names of the record's fields; beside them there are only
 * those below.
 */
import { TTL_SLACK_MS } from '../../domain/liveness.ts';
import type { ClientRecord, RoomRecord } from '../../domain/room.ts';
import type { TaskRecord, TaskRoom } from '../../domain/task.ts';
import { ROOM } from './keys.ts';
import type { Item } from './trouble.ts';

/**
 * A row `[task_id, room_id]`. It says which shard of the quota counts the room, and of which room that had this id it is,
 * so that both counts can be repaired should the room's own item be lost.
 */
export interface TaskRoomItem extends TaskRoom {
  task_id: string;
  quota_shard: number;
  created_at: number;
}

/** A client's item. `room_created_at` says of which room that had this id it is. */
interface ClientItem extends Omit<ClientRecord, 'expires_at'> {
  /** Absent while CONNECTED: then the client expires with its room. */
  expires_at?: number;
  room_created_at: number;
}

/**
 * Value of `ttl` (seconds since the Unix epoch) for something that expires at `expires_at` and is kept for `slack` longer
 * (ms).
 *
 * DynamoDB's deletion runs no transaction, so it would leave what the item counts for counted for ever. Hence only rooms
 * and reserved clients have one with a slack, and what nothing counts has one without; tasks and the rows `[task_id, room_id]`, by which a sweep finds a room and repairs
 * the counts (`dropTaskRoom`), have none.
 */
export function timeToLive(expires_at: number, slack = TTL_SLACK_MS): number {
  return Math.ceil((expires_at + slack) / 1_000);
}

export function taskOf(item: Item): TaskRecord {
  const task = item as unknown as TaskRecord;
  return {
    task_id: task.task_id,
    ...(task.task_arn !== undefined && { task_arn: task.task_arn }),
    state: task.state,
    state_since: task.state_since,
    kind: task.kind,
    region: task.region,
    instance_ip: task.instance_ip,
    port: task.port,
    url: task.url,
    rooms: task.rooms,
    clients: task.clients,
    room_capacity: task.room_capacity,
    lease_until: task.lease_until,
    started_at: task.started_at,
    heartbeat_seq: task.heartbeat_seq,
    silent: task.silent,
    silent_resuming: task.silent_resuming,
  };
}

/** The row `[task_id, room_id]` of a room at its present place. */
export function taskRoomItem(room: RoomRecord): TaskRoomItem {
  const { task_id, room_id, epoch, placed_at, quota_shard, created_at } = room;
  return { task_id, room_id, epoch, placed_at, quota_shard, created_at };
}

/** `pending`: key of `pending-index`, in which a room is until it is placed or gone. */
export function roomItem(room: RoomRecord): Item {
  const pending = room.state === 'PENDING' && { pending: room.kind };
  return { ...room, ...pending, client_id: ROOM, ttl: timeToLive(room.expires_at) };
}

export function roomOf(item: Item): RoomRecord {
  const room = item as unknown as RoomRecord;
  return {
    room_id: room.room_id,
    task_id: room.task_id,
    url: room.url,
    epoch: room.epoch,
    state: room.state,
    kind: room.kind,
    clients: room.clients,
    max_clients: room.max_clients,
    created_at: room.created_at,
    placed_at: room.placed_at,
    expires_at: room.expires_at,
    quota_shard: room.quota_shard,
  };
}

/** The item of a RESERVED client. */
export function clientItem(client: ClientRecord, room: { created_at: number }): Item {
  return { ...client, room_created_at: room.created_at, ttl: timeToLive(client.expires_at) };
}

/** Undefined if the item is left over from an earlier room with the same id. */
export function clientOf(
  item: Item,
  room: Pick<RoomRecord, 'created_at' | 'expires_at'>,
): ClientRecord | undefined {
  const client = item as unknown as ClientItem;
  if (client.room_created_at !== room.created_at) return undefined;
  return {
    room_id: client.room_id,
    client_id: client.client_id,
    status: client.status,
    ticket_hash: client.ticket_hash,
    generation: client.generation,
    expires_at: client.expires_at ?? room.expires_at,
    updated_at: client.updated_at,
  };
}
