import type { TaskRecord } from '../domain/task.ts';
import type { DrainResponse, RegisterRequest, TaskRooms } from '../protocol/api.ts';

/** Where a task is called: its WebSocket address names the host, its id is the audience of the token. */
export type TaskAddress = Pick<TaskRecord, 'task_id' | 'url'>;

/** How a call to a task came out. */
export type TaskCallFailure =
  /** The task answered and will not: draining, full, or it holds a newer epoch. */
  | { kind: 'refused'; code: string }
  /** Nobody is there: connection refused or reset, or another task answers at its address. */
  | { kind: 'unreachable' }
  /** No answer within the time limit: it may have been done, or not. */
  | { kind: 'silent' }
  /** It answered with a fault of its own (5xx, or something that is not the protocol). */
  | { kind: 'failed'; status: number };

/** The router's calls to a task (over http(s) at the task's address, with a token). Throws only what is wrong on the router's own side. */
export interface TaskClient {
  register(task: TaskAddress, request: RegisterRequest): Promise<{ kind: 'registered' } | TaskCallFailure>;
  /** The task's own view of its rooms, or of one. */
  rooms(
    task: TaskAddress,
    room_id?: string,
  ): Promise<{ kind: 'rooms'; snapshot: TaskRooms } | TaskCallFailure>;
  /** Tells the task to move its rooms away and to end. Idempotent. */
  drain(task: TaskAddress): Promise<({ kind: 'draining' } & DrainResponse) | TaskCallFailure>;
}
