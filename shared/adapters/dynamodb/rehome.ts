import type { RoomStore } from '../../ports/room-store.ts';
import { rehomedRoomRecord } from '../records.ts';
import type { Context } from './context.ts';
import { claimPlace, keepPlace, transactFreeing } from './counts.ts';
import { taskRoomItem } from './items.ts';
import { putNew, remove, update } from './parts.ts';
import { placedResult } from './placed.ts';

export function rehomeRoomMethod({ calls, at, names }: Context): Pick<RoomStore, 'rehomeRoom'> {
  return {
    async rehomeRoom(read, to, now) {
      const room = rehomedRoomRecord(read, to, now);
      const { room_id, epoch, placed_at } = room;
      const move = update(
        at.room(room_id),
        'SET #task_id = :to, #url = :url, #epoch = :next, #placed_at = :now',
        '#epoch = :epoch AND #task_id = :from AND #created_at = :created_at AND #state = :open AND #expires_at > :now',
        {
          to: to.task_id,
          url: to.url,
          next: epoch,
          now,
          epoch: read.epoch,
          from: read.task_id,
          created_at: read.created_at,
          open: 'OPEN',
        },
      );
      const outcome =
        to.task_id === read.task_id
          ? // The task came back under its own id: nothing is counted anew, the epoch alone grows.
            await calls.transact({
              room: move,
              task: keepPlace(at, to, now),
              row: update(
                at.taskRoom(to.task_id, room_id),
                'SET #epoch = :next, #placed_at = :placed_at',
                '#epoch = :epoch',
                { next: epoch, placed_at, epoch: read.epoch },
              ),
            })
          : await transactFreeing(
              calls,
              at,
              { task_id: read.task_id },
              {
                room: move,
                task: claimPlace(at, to, now),
                row: putNew(names.tasks, { ...taskRoomItem(room) }),
                left: remove(at.taskRoom(read.task_id, room_id)),
              },
            );
      return placedResult(outcome, read, room, now);
    },
  };
}
