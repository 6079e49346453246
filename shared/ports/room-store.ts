/**
 * The state of the control plane, as a port. Two adapters pass one contract suite (test/contract/room-store.ts):
 * DynamoDB and memory.
 *
 * Each method is atomic and conditional: what a rule demands is a condition of the write itself, and how it came out is
 * a typed result, never an exception. Exceptions are {@link StoreBusy} (try again later) and the adapter's own faults.
 * Instants are milliseconds since the Unix epoch and are given by the caller; a store has no clock.
 */
import type { Failures } from '../domain/guessing.ts';
import type { RequestKey } from '../domain/idempotency.ts';
import type { ClientRecord, RoomRecord } from '../domain/room.ts';
import type { ScalingMemory } from '../domain/scaling-types.ts';
import type { TaskKind, TaskRecord, TaskRoom, TaskState } from '../domain/task.ts';

/** The store could not do it now: throttled, or in conflict beyond the retries. The same call may succeed later. */
export class StoreBusy extends Error {
  override name = 'StoreBusy';
}

/** What put-task reports: all of a task's record but the router's own counts. `state_since` holds if the state is news. */
export type TaskReport = Omit<TaskRecord, 'rooms' | 'silent' | 'silent_resuming'>;

export interface NewClient {
  client_id: string;
  ticket_hash: string;
  expires_at: number;
}

export interface NewRoom {
  room_id: string;
  epoch: number;
  kind: TaskKind;
  max_clients: number;
  created_at: number;
  expires_at: number;
  client: NewClient;
}

/** The idempotency key of the request that takes a seat. Its record is written with the seat, or not at all. */
export interface NewKey extends RequestKey {
  expires_at: number;
}

/** What an idempotency key has given: a seat. */
export interface KeyRecord extends NewKey {
  room_id: string;
  client_id: string;
  /** When the room was created: tells it from a later one of the same number. */
  room_created_at: number;
  used_at: number;
}

export type KeyUsed = {
  /** The key has given a seat before, and has not expired: nothing was done. */
  kind: 'key_used';
  key: KeyRecord;
};

export type CreateRoomResult =
  | KeyUsed
  | { kind: 'created'; room: RoomRecord }
  /** The room id is taken. */
  | { kind: 'room_exists' }
  /** The task is no longer READY, its lease has run out, it is at its capacity, or it is gone. */
  | { kind: 'task_unavailable' }
  /** All MAX_ROOMS are taken: seen in one consistent snapshot of every shard. */
  | { kind: 'rooms_exhausted' };

export type CreatePendingResult = Exclude<CreateRoomResult, { kind: 'task_unavailable' }>;

export type AddClientResult =
  | KeyUsed
  /** `room` as it was read, with this seat counted: others may have joined or left since. */
  | { kind: 'admitted'; room: RoomRecord; client: ClientRecord }
  | { kind: 'room_full'; room: RoomRecord }
  /** The room was placed anew since it was read. */
  | { kind: 'moved'; room: RoomRecord }
  /** No such room, closed, or expired. */
  | { kind: 'room_not_found' };

export type ResumeClientResult =
  | { kind: 'resumed'; room: RoomRecord; client: ClientRecord }
  | { kind: 'moved'; room: RoomRecord }
  /** Another resume came first: the client's generation is now higher. */
  | { kind: 'superseded'; client: ClientRecord }
  | { kind: 'client_not_found' }
  | { kind: 'room_not_found' };

export type RehomeResult =
  | { kind: 'rehomed'; room: RoomRecord }
  /** Another caller moved it first: `room` is where it is now. */
  | { kind: 'lost'; room: RoomRecord }
  | { kind: 'task_unavailable' }
  | { kind: 'room_not_found' };

/** A connection of the control channel: a client has one, that which it opened last. */
export interface ControlConnection {
  connection_id: string;
  room_id: string;
  client_id: string;
  /** When the room was created: tells it from a later one of the same number. */
  room_created_at: number;
  connected_at: number;
  /** When it has surely ended, also if nobody says so. */
  expires_at: number;
}

export type SweepName = 'update-tasks' | 'scale-fleet';

export type RemoveClientResult =
  | { kind: 'removed'; closed: boolean }
  /** It is long gone, or the epoch or the generation is not the present one. */
  | { kind: 'ignored' };

export interface RoomStore {
  // ── tasks ──

  /**
   * Registers a task or renews its lease. An older `heartbeat_seq` of the same process (`started_at`) is `stale` and
   * changes nothing. The state follows `nextState`. Resets the silence counters. `task` is the record afterwards.
   */
  putTask(report: TaskReport): Promise<{ kind: 'registered' | 'renewed' | 'stale'; task: TaskRecord }>;

  /** The task's record, strongly consistent. */
  getTask(task_id: string): Promise<TaskRecord | undefined>;

  /**
   * At most `limit` tasks that have a place at `now` (`hasPlace`), those with the least (or most) rooms first. May be
   * slightly out of date.
   */
  placementCandidates(
    region: string,
    kind: TaskKind,
    limit: number,
    now: number,
    order: 'least' | 'most',
  ): Promise<TaskRecord[]>;

  /** The fleet says that this process is stopped: its record becomes STOPPED, out of placement. Lease and rooms stay. */
  stopTask(task_id: string, started_at: number, now: number): Promise<void>;

  /**
   * Takes a task (this process of it) from one state to another; false if it is in a third one, gone, or another process. In
   * READY it is in placement, else not. `when`: only if no room is placed on it.
   */
  setTaskState(
    task: Pick<TaskRecord, 'task_id' | 'started_at' | 'region' | 'kind'>,
    from: TaskState,
    to: TaskState,
    now: number,
    when?: { rooms: 0 },
  ): Promise<boolean>;

  /** Every task record, in any state. May be slightly out of date. */
  listTasks(): Promise<TaskRecord[]>;

  /** The rooms placed on a task, strongly consistent. */
  listTaskRooms(task_id: string): Promise<TaskRoom[]>;

  /**
   * Counts a register that timed out; the record afterwards, or undefined if there is none. After a lost answer one may
   * count twice, if another has counted meanwhile.
   */
  noteSilence(task_id: string, resuming: boolean): Promise<TaskRecord | undefined>;

  /**
   * Removes a task's record if its lease is still the one that the caller saw and no room is placed on it.
   */
  removeTask(task_id: string, lease_until: number): Promise<'removed' | 'changed' | 'gone'>;

  // ── rooms ──

  /**
   * One transaction: claims a place on `task` (`hasPlace` at `now`, at the `url` that was read), counts the room against
   * `max_rooms`, puts the room if its id is free, and its first client as RESERVED with generation 1. Where several of
   * these fail at once: `key_used` before `task_unavailable` before `room_exists` before `rooms_exhausted`.
   */
  createRoom(
    room: NewRoom,
    task: Pick<TaskRecord, 'task_id' | 'url'>,
    max_rooms: number,
    now: number,
    key?: NewKey,
  ): Promise<CreateRoomResult>;

  /**
   * Like {@link createRoom} for a room that waits for a place: it is PENDING, on no task (`task_id` and `url` are empty),
   * counted against `max_rooms`, and expires at `room.expires_at` unless it is placed before.
   */
  createPendingRoom(
    room: NewRoom,
    max_rooms: number,
    now: number,
    key?: NewKey,
  ): Promise<CreatePendingResult>;

  /**
   * At most `limit` rooms of a kind that wait for a place, the oldest first; those that have expired, or whose close broke
   * off, among them: they are to be closed. May be slightly out of date.
   */
  listPending(kind: TaskKind, limit: number): Promise<RoomRecord[]>;

  /**
   * How many rooms of a kind wait for a place that were created after `created_after`, by default all, those that have expired and
   * are not closed yet among them. As {@link listPending}.
   */
  countPending(kind: TaskKind, created_after?: number): Promise<number>;

  /**
   * One transaction: gives `room` (as read: PENDING, not expired at `now`) a place on task `to`, which must have one at
   * `now`, with `epoch + 1`; it is OPEN then and expires at `expires_at`. `lost`: another caller has placed it.
   */
  placeRoom(room: RoomRecord, to: TaskRecord, expires_at: number, now: number): Promise<RehomeResult>;

  /** The room's record, strongly consistent, also when it has expired. */
  getRoom(room_id: string): Promise<RoomRecord | undefined>;

  /** The room and its clients, strongly consistent. */
  getRoomWithClients(room_id: string): Promise<{ room: RoomRecord; clients: ClientRecord[] } | undefined>;

  /** The room and one client in one consistent read. */
  getRoomAndClient(
    room_id: string,
    client_id: string,
  ): Promise<{ room: RoomRecord | undefined; client: ClientRecord | undefined }>;

  /**
   * One transaction: a seat in `room` (as read: not closed nor expired at `now`, same epoch) and the client RESERVED. Throws if
   * the client id is taken in this room. `key_used` comes before every other failure.
   */
  addClient(room: RoomRecord, client: NewClient, now: number, key?: NewKey): Promise<AddClientResult>;

  /**
   * One transaction: `client`'s generation grows by one if it and the room's epoch are as read; it is RESERVED again
   * until `expires_at`. Takes no seat.
   */
  resumeClient(
    room: RoomRecord,
    client: ClientRecord,
    expires_at: number,
    now: number,
  ): Promise<ResumeClientResult>;

  /** Marks a client CONNECTED if epoch and generation match; it then expires with its room. False if they do not. */
  markConnected(
    key: { room_id: string; epoch: number; client_id: string; generation: number },
    now: number,
  ): Promise<boolean>;

  /**
   * One transaction on `(task_id, epoch)` of `room` as read, which has a place: moves it to task `to` (which must have a place at `now`) with `epoch + 1`.
   * The old task's count goes down if its record is still there.
   */
  rehomeRoom(room: RoomRecord, to: TaskRecord, now: number): Promise<RehomeResult>;

  /**
   * One transaction: removes the client; the last one closes the room and frees its place and its quota. `key_hash`: the
   * key that gave this seat, which is forgotten with it, so that it may be used again.
   */
  removeClient(
    client: { room_id: string; epoch: number; client_id: string; generation: number },
    key_hash?: string,
  ): Promise<RemoveClientResult>;

  /**
   * Closes a room at this epoch whatever clients it has, and frees its place and its quota. False if it is not there at
   * this epoch.
   */
  closeRoom(room_id: string, epoch: number): Promise<boolean>;

  /** Sets `expires_at` of a room at this epoch, only ever later. */
  extendRoom(room_id: string, epoch: number, expires_at: number): Promise<void>;

  /**
   * Removes the row `[task_id, room_id]` at this epoch if the room is not (any more) placed there, and repairs what it
   * counted: the task's rooms, and the quota if the room is gone altogether. Finishes a close that broke off. False if
   * there was nothing to do.
   */
  dropTaskRoom(task_id: string, room_id: string, epoch: number): Promise<boolean>;

  // ── requests ──

  /** What a key has given, strongly consistent, also when it has expired. */
  getKey(key_hash: string): Promise<KeyRecord | undefined>;

  /** The failures counted for `source`, strongly consistent, also when their window is over. */
  getFailures(source: string): Promise<Failures | undefined>;

  /**
   * Counts a failure of `source`; the first one opens a window until `until`, which the others do not extend. What is
   * counted then, this one included. One of which the database's answer was lost may count twice.
   */
  countFailure(source: string, now: number, until: number): Promise<Failures>;

  // ── control channel ──

  /** Keeps a connection; it takes the place of an earlier one of the same client. */
  putConnection(connection: ControlConnection): Promise<void>;

  /** Strongly consistent, also when it has expired. One that another has taken the place of is still there. */
  getConnection(connection_id: string): Promise<ControlConnection | undefined>;

  /** Forgets a connection; nothing to do if it is not known. */
  removeConnection(connection_id: string): Promise<void>;

  /** The connections of a room's clients, one each, strongly consistent, those that have expired and those of an earlier room of this number among them. */
  listConnections(room_id: string): Promise<ControlConnection[]>;

  // ── sweeps ──

  /** One sweep of a name at a time: true if `owner` holds the lock until `until`. */
  lockSweep(name: SweepName, owner: string, now: number, until: number): Promise<boolean>;
  unlockSweep(name: SweepName, owner: string): Promise<void>;

  // ── scaling ──

  /** What the last plan for this kind of task left, strongly consistent. */
  getScaling(kind: TaskKind): Promise<{ memory: ScalingMemory; version: number } | undefined>;

  /** Keeps what a plan leaves, if nobody has since `version` was read (0: there was none). It then has the version after it. */
  putScaling(kind: TaskKind, memory: ScalingMemory, version: number): Promise<boolean>;
}
