import { PLACEMENT_ATTEMPTS, PLACEMENT_DEADLINE_MS } from '../domain/liveness.ts';
import { isOpen } from '../domain/room.ts';
import type { MigrateRoomRequest, MigrateRoomResponse } from '../protocol/api.ts';
import type { Deps } from './deps.ts';
import { examineTask } from './examine-task.ts';
import { done, refuse, type Outcome } from './outcome.ts';
import { noTaskAvailable, roomNotFound } from './refusals.ts';
import { registerEveryone, rehomeRoom, WILL_NOT_TAKE } from './rehome-room.ts';

/**
 * Moves a room away from the draining task `task_id`; all its clients are registered where it is then, and keep ids and
 * tickets. Idempotent: of a room that is elsewhere already the present place is the answer, once everybody is registered
 * there. A task that does not take it is another try, at most three within about five seconds. Refusals: `room_not_found`;
 * `stale_epoch`, it was placed on this very task anew; `no_task_available`, for which the fleet is looked at.
 */
export async function migrateRoom(
  deps: Deps,
  task_id: string,
  { room_id, epoch }: MigrateRoomRequest,
): Promise<Outcome<MigrateRoomResponse>> {
  const { store, clock, telemetry } = deps;
  const deadline = clock.now() + PLACEMENT_DEADLINE_MS;
  const found = await store.getRoom(room_id);
  // A room of the same number that was created since is another room.
  if (found === undefined || !isOpen(found, clock.now()) || found.created_at > epoch) {
    return roomNotFound(room_id);
  }
  if (found.task_id === task_id && found.epoch !== epoch) {
    return refuse('stale_epoch', `Room ${room_id} was placed on this task at epoch ${found.epoch}.`);
  }
  let room = found;
  let leaves = false;
  const failed = new Set<string>();
  for (let attempt = 0; attempt < PLACEMENT_ATTEMPTS && clock.now() < deadline; attempt++) {
    let registered;
    if (leaves || room.task_id === task_id) {
      failed.add(room.url);
      const moved = await rehomeRoom(deps, room, failed);
      if (moved.kind === 'room_not_found') return roomNotFound(room_id);
      if (moved.kind === 'no_task') break;
      room = moved.room;
      if (moved.kind === 'rehomed') registered = moved.registered;
      // Back here, by somebody who did not know that this task drains.
      else if (room.task_id === task_id) continue;
    }
    // Whoever has moved it registers everybody, but may have broken off.
    registered ??= await registerEveryone(deps, room);
    if (registered.kind === 'registered') {
      telemetry.count('rooms_migrated');
      return done({ room_id, epoch: room.epoch, url: room.url });
    }
    if (registered.kind === 'refused' && registered.code === 'stale_epoch') {
      const present = await store.getRoom(room_id);
      if (present === undefined || !isOpen(present, clock.now())) return roomNotFound(room_id);
      if (present.epoch <= room.epoch) break;
      room = present;
      leaves = false;
      continue;
    }
    leaves =
      (registered.kind === 'refused' && WILL_NOT_TAKE.has(registered.code)) ||
      (await examineTask(deps, room.task_id, registered, false)) === 'dead';
    if (!leaves) break;
  }
  return noTaskAvailable();
}
