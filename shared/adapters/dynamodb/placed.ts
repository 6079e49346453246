import type { RoomRecord } from '../../domain/room.ts';
import type { RehomeResult } from '../../ports/room-store.ts';
import { judgeRoom } from '../records.ts';
import type { TransactionOutcome } from './calls.ts';
import { roomOf } from './items.ts';
import type { Item } from './trouble.ts';

/** How it came out that the room `read` was to be placed anew as `room`: a transaction with a part `room`, and others of its new task. */
export function placedResult<K extends string>(
  outcome: TransactionOutcome<K | 'room'>,
  read: RoomRecord,
  room: RoomRecord,
  now: number,
): RehomeResult {
  if (outcome.kind === 'done') return { kind: 'rehomed', room };
  const { room: failure }: { room?: { item: Item | undefined } } = outcome.failed;
  // The task has no place; or a row of an earlier room with this id is on it until a sweep repairs that.
  if (failure === undefined) return { kind: 'task_unavailable' };
  const present = failure.item === undefined ? undefined : roomOf(failure.item);
  return present === undefined || judgeRoom(read, present, now) === 'gone'
    ? { kind: 'room_not_found' }
    : { kind: 'lost', room: present };
}
