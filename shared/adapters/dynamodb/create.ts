import { QUOTA_SHARDS, shardLimit, shardsWithRoom } from '../../domain/quota.ts';
import {
  StoreBusy,
  type CreatePendingResult,
  type CreateRoomResult,
  type NewKey,
  type NewRoom,
  type RoomStore,
} from '../../ports/room-store.ts';
import { newClientRecord, newRoomRecord } from '../records.ts';
import type { Context } from './context.ts';
import { claimPlace, countInQuota, type Target } from './counts.ts';
import { clientItem, roomItem, taskRoomItem } from './items.ts';
import { putNew } from './parts.ts';
import { keyOf, putKey } from './requests.ts';

/** A round is lost only to others who took the last place of the shard, so each round some are done. */
const ROUNDS = 24;

/**
 * MAX_ROOMS is exact while it stays the same. When it is lowered, a shard that holds more than its new part takes no room
 * until enough of its own have closed; the others fill up to theirs.
 */
export function createMethods(context: Context): Pick<RoomStore, 'createRoom' | 'createPendingRoom'> {
  const { calls, at, names, random } = context;

  const quotaHeld = async (): Promise<number[]> => {
    const shards = Array.from({ length: QUOTA_SHARDS }, (_, shard) => at.quota(shard));
    return (await calls.snapshot(shards)).map((item) => (item?.['held'] as number | undefined) ?? 0);
  };

  /** Without `task` the room waits for a place. */
  const create = async (
    newRoom: NewRoom,
    task: Target | undefined,
    max_rooms: number,
    now: number,
    key: NewKey | undefined,
  ): Promise<CreateRoomResult> => {
    let open = shardsWithRoom(max_rooms, []);
    for (let round = 0; round < ROUNDS; round++) {
      const shard = open[Math.floor(random() * open.length)];
      if (shard === undefined) return { kind: 'rooms_exhausted' };
      const room = newRoomRecord(newRoom, task, shard, now);
      const client = newClientRecord(room.room_id, newRoom.client, now);
      const outcome = await calls.transact({
        task: task && claimPlace(at, task, now),
        row: task && putNew(names.tasks, { ...taskRoomItem(room) }),
        quota: countInQuota(at, shard, shardLimit(max_rooms, shard)),
        room: putNew(names.rooms, roomItem(room)),
        client: putNew(names.rooms, clientItem(client, room)),
        key: putKey(at, key, room, client.client_id, now),
      });
      if (outcome.kind === 'done') return { kind: 'created', room };
      const { failed } = outcome;
      if (failed.key?.item !== undefined) return { kind: 'key_used', key: keyOf(failed.key.item) };
      if (failed.task !== undefined) return { kind: 'task_unavailable' };
      // A row of the task alone is left of a room whose own item was lost: its id is free once that is repaired.
      if (failed.room !== undefined || failed.row !== undefined) return { kind: 'room_exists' };
      if (failed.client !== undefined) throw new Error('the client id is taken in this room');
      // Only this shard is full. One snapshot of all tells whether there is room elsewhere, at one instant.
      open = shardsWithRoom(max_rooms, await quotaHeld());
    }
    throw new StoreBusy('places are taken faster than they are found');
  };

  return {
    createRoom: (room, task, max_rooms, now, key) => create(room, task, max_rooms, now, key),
    // Where no task is claimed, none is unavailable.
    createPendingRoom: (room, max_rooms, now, key) =>
      create(room, undefined, max_rooms, now, key) as Promise<CreatePendingResult>,
  };
}
