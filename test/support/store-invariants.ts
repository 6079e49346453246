import type { RoomStore } from '../../shared/ports/room-store.ts';

/** Which rooms there may be: a store cannot list rooms without their tasks. */
interface Known {
  room_ids?: readonly string[];
}

/**
 * Everything that must hold at rest, whatever happened before, read through the port. Each breach is a sentence; none is
 * an empty list.
 *
 * - the rooms that a task counts are the rows that it has;
 * - each row's room is there, open, on this task and at this epoch, and on no other task;
 * - a room counts the clients that it has, at least one, at most `max_clients`;
 * - each of `known.room_ids` that is there is on a task, or waits for one, and counts its clients then, too.
 */
export async function storeBreaches(store: RoomStore, known: Known = {}): Promise<string[]> {
  const breaches: string[] = [];
  const placedOn = new Map<string, string>();
  for (const { task_id } of await store.listTasks()) {
    const task = await store.getTask(task_id);
    const rows = await store.listTaskRooms(task_id);
    if (task?.rooms !== rows.length) {
      breaches.push(`task ${task_id} counts ${task?.rooms} rooms and has ${rows.length} rows`);
    }
    for (const row of rows) {
      const other = placedOn.get(row.room_id);
      if (other !== undefined) breaches.push(`room ${row.room_id} is on ${other} and on ${task_id}`);
      placedOn.set(row.room_id, task_id);
      const found = await store.getRoomWithClients(row.room_id);
      if (found === undefined) {
        breaches.push(`task ${task_id} has a row of room ${row.room_id}, which is not there`);
        continue;
      }
      const { room, clients } = found;
      if (room.task_id !== task_id || room.epoch !== row.epoch) {
        breaches.push(
          `room ${row.room_id} is on ${room.task_id} at ${room.epoch}, its row on ${task_id} at ${row.epoch}`,
        );
      }
      if (room.state !== 'OPEN') breaches.push(`room ${row.room_id} is ${room.state}`);
      if (room.clients !== clients.length) {
        breaches.push(`room ${row.room_id} counts ${room.clients} clients and has ${clients.length}`);
      }
      if (clients.length === 0) breaches.push(`room ${row.room_id} has no client`);
      if (room.clients > room.max_clients) {
        breaches.push(`room ${row.room_id} has ${room.clients} clients of ${room.max_clients}`);
      }
    }
  }
  for (const room_id of known.room_ids ?? []) {
    const found = placedOn.has(room_id) ? undefined : await store.getRoomWithClients(room_id);
    if (found === undefined) continue;
    const { room, clients } = found;
    if (room.state !== 'PENDING' || room.task_id !== '') breaches.push(`room ${room_id} is on no task`);
    if (room.clients !== clients.length || clients.length === 0 || room.clients > room.max_clients) {
      breaches.push(`room ${room_id}, which waits, counts ${room.clients} clients and has ${clients.length}`);
    }
  }
  return breaches;
}
