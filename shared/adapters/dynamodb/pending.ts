/** Rooms that wait for a place. How they come about: create.ts. */
import type { RoomStore } from '../../ports/room-store.ts';
import { placedRoomRecord } from '../records.ts';
import type { Context } from './context.ts';
import { claimPlace } from './counts.ts';
import { roomOf, taskRoomItem, timeToLive } from './items.ts';
import { PENDING_INDEX } from './keys.ts';
import { expressionParts, putNew, update } from './parts.ts';
import { placedResult } from './placed.ts';

export function pendingMethods({
  calls,
  at,
  names,
}: Context): Pick<RoomStore, 'listPending' | 'countPending' | 'placeRoom'> {
  const waiting = (kind: string, after = 0) => {
    const condition = '#pending = :pending AND #created_at > :after';
    return {
      TableName: names.rooms,
      IndexName: PENDING_INDEX,
      KeyConditionExpression: condition,
      ...expressionParts(condition, { pending: kind, after }),
    };
  };

  return {
    async listPending(kind, limit) {
      const rooms = [];
      for await (const page of calls.pages(waiting(kind), limit)) {
        rooms.push(...page.map(roomOf));
        if (rooms.length >= limit) break;
      }
      return rooms.slice(0, limit);
    },

    countPending: (kind, created_after) => calls.count(waiting(kind, created_after)),

    async placeRoom(read, to, expires_at, now) {
      const room = placedRoomRecord(read, to, expires_at, now);
      const outcome = await calls.transact({
        room: update(
          at.room(room.room_id),
          'SET #state = :open, #task_id = :to, #url = :url, #epoch = :next, #placed_at = :now, #expires_at = :expires_at, #ttl = :ttl REMOVE #pending',
          '#epoch = :epoch AND #created_at = :created_at AND #state = :waiting AND #expires_at > :now',
          {
            open: room.state,
            to: to.task_id,
            url: to.url,
            next: room.epoch,
            now,
            expires_at,
            ttl: timeToLive(expires_at),
            epoch: read.epoch,
            created_at: read.created_at,
            waiting: 'PENDING',
          },
        ),
        task: claimPlace(at, to, now),
        row: putNew(names.tasks, { ...taskRoomItem(room) }),
      });
      return placedResult(outcome, read, room, now);
    },
  };
}
