/** How records come about and are judged, written once for both stores. */
import type { ClientRecord, RoomRecord } from '../domain/room.ts';
import type { TaskRecord, TaskState } from '../domain/task.ts';
import type { NewClient, NewRoom, TaskReport } from '../ports/room-store.ts';

/**
 * Whether `report` is older than what is known of its task: of an earlier process under the same id, or an earlier
 * heartbeat of the same process. (The very same heartbeat again is no older: it is a repetition.)
 */
export function isStaleReport(known: TaskRecord, report: TaskReport): boolean {
  if (report.started_at !== known.started_at) return report.started_at < known.started_at;
  return report.heartbeat_seq < known.heartbeat_seq;
}

/** The record of a task after `report`: its silence is over. */
export function reportedTaskRecord(report: TaskReport, state: TaskState, rooms: number): TaskRecord {
  return { ...report, state, rooms, silent: 0, silent_resuming: 0 };
}

/** The record of a room that is created on `task` at `now`, with its first client; without a task it waits for a place. */
export function newRoomRecord(
  room: NewRoom,
  task: Pick<TaskRecord, 'task_id' | 'url'> | undefined,
  quota_shard: number,
  now: number,
): RoomRecord {
  return {
    room_id: room.room_id,
    task_id: task?.task_id ?? '',
    url: task?.url ?? '',
    epoch: room.epoch,
    state: task === undefined ? 'PENDING' : 'OPEN',
    kind: room.kind,
    clients: 1,
    max_clients: room.max_clients,
    created_at: room.created_at,
    placed_at: now,
    expires_at: room.expires_at,
    quota_shard,
  };
}

/** The record of a client that is given a seat at `now`. */
export function newClientRecord(room_id: string, client: NewClient, now: number): ClientRecord {
  return {
    room_id,
    client_id: client.client_id,
    status: 'RESERVED',
    ticket_hash: client.ticket_hash,
    generation: 1,
    expires_at: client.expires_at,
    updated_at: now,
  };
}

/** The record of a client that resumes at `now`. */
export function resumedClientRecord(client: ClientRecord, expires_at: number, now: number): ClientRecord {
  return { ...client, status: 'RESERVED', generation: client.generation + 1, expires_at, updated_at: now };
}

/** The record of a room that is placed anew at `now`. */
export function rehomedRoomRecord(room: RoomRecord, to: TaskRecord, now: number): RoomRecord {
  return { ...room, task_id: to.task_id, url: to.url, epoch: room.epoch + 1, placed_at: now };
}

/** The record of a room that has waited and is given its place at `now`. */
export function placedRoomRecord(
  room: RoomRecord,
  to: TaskRecord,
  expires_at: number,
  now: number,
): RoomRecord {
  return { ...rehomedRoomRecord(room, to, now), state: 'OPEN', expires_at };
}

export type RoomVerdict = 'same' | 'moved' | 'gone';

/**
 * What became of a room since it was read: still there at its epoch, placed (anew), or gone (removed, closed, expired at
 * `now`, or its id is now another room's).
 */
export function judgeRoom(
  read: Pick<RoomRecord, 'task_id' | 'epoch' | 'created_at'>,
  present: RoomRecord | undefined,
  now: number,
): RoomVerdict {
  if (present === undefined || present.created_at !== read.created_at) return 'gone';
  if (present.state === 'CLOSED' || present.expires_at <= now) return 'gone';
  return present.epoch === read.epoch && present.task_id === read.task_id ? 'same' : 'moved';
}
