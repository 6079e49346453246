import type { RoomRecord } from '../domain/room.ts';
import type { Deps } from './deps.ts';
import { notifyRoom } from './notify-room.ts';

/** Closes a room at the epoch that was read, whatever clients it has, and tells them. False if it is not there at that epoch. */
export async function closeRoom(
  deps: Deps,
  room: RoomRecord,
  reason: 'expired' | 'gone' = 'gone',
): Promise<boolean> {
  const { room_id, epoch } = room;
  if (!(await deps.store.closeRoom(room_id, epoch))) return false;
  deps.telemetry.count('rooms_closed');
  await notifyRoom(deps, room, { type: 'room.closed', room_id, reason });
  return true;
}
