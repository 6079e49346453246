/** How a room takes a place on a task, and among all rooms. */
import { hasPlace, leaseValid, type TaskRecord } from '../../domain/task.ts';
import type { CreatePendingResult, NewKey, NewRoom } from '../../ports/room-store.ts';
import { newClientRecord, newRoomRecord } from '../records.ts';
import { giveByKey } from './requests.ts';
import { place, roomRecord, taskRecord, type MemoryState } from './state.ts';

type Target = Pick<TaskRecord, 'task_id' | 'url'>;

/** Whether `task` may be given a room: the claim of rules 1 and 2. A room that it holds already takes no new place. */
export function claimable(state: MemoryState, task: Target, now: number, held = false): boolean {
  const present = taskRecord(state, task.task_id);
  if (present === undefined || present.url !== task.url) return false;
  return held ? present.state === 'READY' && leaseValid(present, now) : hasPlace(present, now);
}

/** Adds a room with its first client, on `task` or waiting for one. */
export function addRoom(
  state: MemoryState,
  room: NewRoom,
  task: Target | undefined,
  max_rooms: number,
  now: number,
  key: NewKey | undefined,
): CreatePendingResult {
  if (state.rooms.has(room.room_id)) return { kind: 'room_exists' };
  if (state.rooms.size >= max_rooms) return { kind: 'rooms_exhausted' };
  const { clients: _, ...record } = newRoomRecord(room, task, 0, now);
  const client = newClientRecord(room.room_id, room.client, now);
  state.rooms.set(room.room_id, { record, clients: new Map([[client.client_id, client]]) });
  if (task !== undefined) place(state, task.task_id, room.room_id);
  giveByKey(state, key, room, client.client_id, now);
  return { kind: 'created', room: roomRecord(state, room.room_id)! };
}
