import { isLive, isOpen } from '../domain/room.ts';
import type { TaskRecord, TaskRoom } from '../domain/task.ts';
import { closeRoom } from './close-room.ts';
import type { Deps } from './deps.ts';
import { inParallel } from './parallel.ts';
import { rehomeRoom } from './rehome-room.ts';
import { removeClient } from './remove-client.ts';

/** Empties one row of a task that no longer serves there. False if its room found no other task: it is tried again in the next sweep. */
export async function clearRoom(deps: Deps, task_id: string, { room_id, epoch }: TaskRoom): Promise<boolean> {
  const { store, clock } = deps;
  const rows = await store.getRoomWithClients(room_id);
  if (rows === undefined || rows.room.task_id !== task_id || rows.room.epoch !== epoch) {
    await store.dropTaskRoom(task_id, room_id, epoch);
    return true;
  }
  const now = clock.now();
  if (!isOpen(rows.room, now)) {
    await closeRoom(deps, rows.room);
    return true;
  }
  const live = rows.clients.filter((client) => isLive(client, now));
  // One by one, so that a client that is admitted meanwhile keeps the room open: it is then re-homed.
  for (const client of rows.clients) {
    const { client_id, generation } = client;
    if (!live.includes(client)) await removeClient(deps, { room_id, epoch, client_id, generation });
  }
  if (live.length === 0 && (await store.getRoom(room_id))?.epoch !== epoch) return true;
  return (await rehomeRoom(deps, rows.room)).kind !== 'no_task';
}

/**
 * Removes a task that is surely dead (rule 9): its rooms with live clients are re-homed, the others closed, then its
 * record goes, unless a heartbeat came in between. True if the record is gone.
 */
export async function pruneTask(deps: Deps, task: TaskRecord): Promise<boolean> {
  const { store, telemetry } = deps;
  const rooms = await store.listTaskRooms(task.task_id);
  const cleared = await inParallel(rooms, (room) => clearRoom(deps, task.task_id, room));
  if (cleared.includes(false)) {
    telemetry.warn('no task for the rooms of a dead one', { task_id: task.task_id });
    return false;
  }
  const removed = await store.removeTask(task.task_id, task.lease_until);
  if (removed === 'removed') {
    telemetry.count('tasks_pruned');
    telemetry.info('task pruned', { task_id: task.task_id, rooms: rooms.length });
  }
  return removed !== 'changed';
}
