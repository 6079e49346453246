/** Makes a seat usable: registers the client at the room's task, re-homing the room if that task is dead. */
import { PLACEMENT_ATTEMPTS, PLACEMENT_DEADLINE_MS } from '../domain/liveness.ts';
import { isLive, isOpen, type ClientRecord, type RoomRecord } from '../domain/room.ts';
import type { Deps } from './deps.ts';
import { examineTask } from './examine-task.ts';
import { done, type Outcome } from './outcome.ts';
import { noTaskAvailable, roomNotFound } from './refusals.ts';
import {
  registerClients,
  registerEveryone,
  rehomeRoom,
  WILL_NOT_TAKE,
  type Registered,
} from './rehome-room.ts';
import { removeClient } from './remove-client.ts';

export interface Seat {
  room: RoomRecord;
  client: ClientRecord;
  /** The seat is not new: the room is there for this client alone, too. */
  resuming: boolean;
  /** The client says that it lost its connection: evidence against a task that is silent, too (`examineTask`). */
  cut_off: boolean;
}

/**
 * Whether anyone but `client` still lives in the room. If nobody does, the seats of the others are given up, so that the
 * room closes with the last one; a client that is admitted meanwhile keeps it open.
 */
async function othersLive(deps: Deps, { room, client }: Seat): Promise<boolean> {
  const { store, clock } = deps;
  const rows = await store.getRoomWithClients(room.room_id);
  // Whoever has moved it meanwhile found somebody in it, and gave them time to connect.
  if (rows?.room.created_at === room.created_at && rows.room.epoch !== room.epoch) return true;
  const others = rows?.clients.filter((row) => row.client_id !== client.client_id) ?? [];
  if (others.some((row) => isLive(row, clock.now()))) return true;
  for (const { client_id, generation } of others) {
    await removeClient(deps, { room_id: room.room_id, epoch: room.epoch, client_id, generation });
  }
  return false;
}

/**
 * Registers the client where the room is, at most three tasks within about five seconds. The value is the room as it is
 * placed then. Refusals: `no_task_available`; `room_not_found` when the room's task is dead and no live client is left
 * (the caller gives the new client's own seat up, and with it the room).
 */
export async function connectClient(
  deps: Deps,
  seat: Seat,
): Promise<Outcome<{ room: RoomRecord; connect_by: number }>> {
  const { store, clock } = deps;
  const deadline = clock.now() + PLACEMENT_DEADLINE_MS;
  const failed = new Set<string>();
  let { room } = seat;
  /** What came of the register where we have just moved the room ourselves: nobody is served there yet. */
  let moved_in_vain: Registered | undefined;
  for (let attempt = 0; attempt < PLACEMENT_ATTEMPTS && clock.now() < deadline; attempt++) {
    const result = moved_in_vain ?? (await registerClients(deps, room, [seat.client]));
    if (result.kind === 'registered') return done({ room, connect_by: result.connect_by });

    if (result.kind === 'refused' && result.code === 'stale_epoch') {
      const present = await store.getRoom(room.room_id);
      if (present === undefined || !isOpen(present, clock.now())) return roomNotFound(room.room_id);
      if (present.epoch <= room.epoch) break;
      room = present;
      moved_in_vain = undefined;
      continue;
    }
    // A task that drains, or is full, and does not hold the room will not take it: as good as dead for this room.
    const leaves = result.kind === 'refused' && WILL_NOT_TAKE.has(result.code);
    // It has lost no connection to a task to which we have just moved the room.
    const cut_off = seat.cut_off && moved_in_vain === undefined;
    const verdict = await examineTask(deps, room.task_id, result, cut_off);
    // Where it was served all along it may still be; from where it has only just come to it can go on at once.
    if (verdict === 'alive' && !leaves && moved_in_vain === undefined) break;

    if (!seat.resuming && !(await othersLive(deps, { ...seat, room }))) return roomNotFound(room.room_id);
    failed.add(room.url);
    const moved = await rehomeRoom(deps, room, failed);
    if (moved.kind === 'no_task') {
      if (moved_in_vain === undefined) break;
      // There is only this one: once more.
      const again = await registerEveryone(deps, room);
      if (again.kind !== 'registered') break;
      return done({ room, connect_by: again.connect_by });
    }
    if (moved.kind === 'room_not_found') return roomNotFound(room.room_id);
    room = moved.room;
    // The winner has registered everyone, this client included; the others register themselves.
    moved_in_vain = moved.kind === 'rehomed' ? moved.registered : undefined;
    if (moved_in_vain?.kind === 'registered') return done({ room, connect_by: moved_in_vain.connect_by });
  }
  return noTaskAvailable();
}
