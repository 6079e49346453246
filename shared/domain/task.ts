import type { TaskKind, TaskState } from '../protocol/api.ts';

export type { TaskKind, TaskState };

/** A stream task as the control plane knows it. Instants in milliseconds since the Unix epoch. */
export interface TaskRecord {
  task_id: string;
  task_arn?: string | undefined;
  state: TaskState;
  /** When it came into this state. */
  state_since: number;
  kind: TaskKind;
  region: string;
  instance_ip: string;
  port: number;
  /** WebSocket address for clients; the router calls the same host over http(s). */
  url: string;
  /** Rooms placed here: the router's own count, kept by the transactions, never by the task's word. */
  rooms: number;
  /** Clients as of the last heartbeat, by the task's word. */
  clients: number;
  room_capacity: number;
  lease_until: number;
  started_at: number;
  heartbeat_seq: number;
  /** Registers that timed out since the last heartbeat. */
  silent: number;
  /** Those of them that were for a resuming client. */
  silent_resuming: number;
}

/** A row `[task_id, room_id]`: the room is placed on this task at this epoch. */
export interface TaskRoom {
  room_id: string;
  epoch: number;
  placed_at: number;
}

/** States move forward only, but for READY ⇄ STANDBY. */
const ORDER: Record<TaskState, number> = { STARTING: 0, READY: 1, STANDBY: 1, DRAINING: 2, STOPPED: 3 };

/**
 * The state of a task after it reported `reported`: a report never takes a task back, and never takes it off STANDBY,
 * where only the router puts it.
 */
export function nextState(current: TaskState | undefined, reported: TaskState): TaskState {
  if (current === undefined) return reported;
  return ORDER[reported] > ORDER[current] ? reported : current;
}

export function leaseValid(task: TaskRecord, now: number): boolean {
  return task.lease_until > now;
}

/** Whether `task` may be given one more room at `now`. The claim itself repeats this as its condition. */
export function hasPlace(task: TaskRecord, now: number): boolean {
  return task.state === 'READY' && leaseValid(task, now) && task.rooms < task.room_capacity;
}

/** Key of `placement-index`: only tasks that may take rooms are in it. */
export function placementKey(region: string, kind: TaskKind): string {
  return `${region}#${kind}`;
}
