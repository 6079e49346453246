/** What the tables hold at one instant, the same for both stores. */
import type { ClientRecord, RoomRecord } from '../../shared/domain/room.ts';
import type { TaskRecord } from '../../shared/domain/task.ts';
import type { RoomStore } from '../../shared/ports/room-store.ts';
import type { Request } from './request.ts';

export interface Rows {
  tasks: TaskRecord[];
  /** The rows `[task_id, room_id]`. */
  placed: { task_id: string; room_id: string; epoch: number }[];
  rooms: { room: RoomRecord; clients: ClientRecord[] }[];
  /** What does not fit together, as sentences. */
  breaches: string[];
}

export interface Backend {
  /** The store as one request sees it. `wrote` is told what the tables hold after each write, before anything else happens. */
  storeFor(request: Request, wrote: (rows: Rows) => void): RoomStore;
  rows(): Promise<Rows>;
}
