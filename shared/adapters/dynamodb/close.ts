import type { RoomRecord } from '../../domain/room.ts';
import { StoreBusy, type RoomStore } from '../../ports/room-store.ts';
import type { Context } from './context.ts';
import { countsOf, removeRow, transactFreeing } from './counts.ts';
import { roomOf, timeToLive, type TaskRoomItem } from './items.ts';
import { ROOM } from './keys.ts';
import { check, expressionParts, remove, update } from './parts.ts';
import type { Item } from './trouble.ts';

type CloseMethods = Pick<RoomStore, 'closeRoom' | 'extendRoom' | 'dropTaskRoom'>;

/** A round is lost only to another change of the room at the same moment. */
const DROP_ROUNDS = 6;

export function closeMethods({ calls, at, names }: Context): CloseMethods {
  /** Removes the clients of a room that nobody can join, those for which `which` holds. */
  const removeClients = async (room_id: string, which: (item: Item) => boolean = () => true) => {
    const condition = '#room_id = :room_id AND #client_id > :room';
    const query = {
      TableName: names.rooms,
      KeyConditionExpression: condition,
      ProjectionExpression: '#room_id, #client_id, #room_created_at',
      ...expressionParts(`${condition} #room_created_at`, { room_id, room: ROOM }),
      ConsistentRead: true,
    };
    for await (const page of calls.pages(query)) {
      const keys = page.filter(which).map((item) => ({ room_id, client_id: item['client_id'] as string }));
      await calls.removeAll(names.rooms, keys);
    }
  };

  /**
   * The rest of a close, once the room is CLOSED: nobody joins, resumes or leaves any more, but its place and its quota
   * are still counted, until the last transaction. A close that breaks off before is finished by the next one: the row of
   * its task leads there, or `pending-index`.
   */
  const finishClose = async (room: RoomRecord): Promise<boolean> => {
    await removeClients(room.room_id);
    const outcome = await transactFreeing(calls, at, countsOf(room), {
      room: remove(at.room(room.room_id), '#epoch = :epoch AND #state = :closed', {
        epoch: room.epoch,
        closed: 'CLOSED',
      }),
      row: removeRow(at, room),
    });
    return outcome.kind === 'done';
  };

  /** Removes a row whose room is elsewhere, or is gone without having been closed: then the quota is freed too. */
  const repair = (row: TaskRoomItem, roomGone: boolean) => {
    const { task_id, room_id, epoch, created_at, quota_shard } = row;
    const room = roomGone
      ? check(at.room(room_id), 'attribute_not_exists(#room_id) OR #created_at <> :created_at', {
          created_at,
        })
      : check(at.room(room_id), '#created_at = :created_at AND (#task_id <> :task_id OR #epoch <> :epoch)', {
          created_at,
          task_id,
          epoch,
        });
    return transactFreeing(
      calls,
      at,
      { task_id, ...(roomGone && { quota_shard }) },
      { room, row: remove(at.taskRoom(task_id, room_id), '#epoch = :epoch', { epoch }) },
    );
  };

  return {
    async closeRoom(room_id, epoch) {
      const outcome = await calls.update(
        update(at.room(room_id), 'SET #state = :closed', '#epoch = :epoch', { closed: 'CLOSED', epoch }),
      );
      return outcome.kind === 'done' && finishClose(roomOf(outcome.item));
    },

    async extendRoom(room_id, epoch, expires_at) {
      await calls.update(
        update(
          at.room(room_id),
          'SET #expires_at = :expires_at, #ttl = :ttl',
          '#epoch = :epoch AND #state = :open AND #expires_at < :expires_at',
          { expires_at, ttl: timeToLive(expires_at), epoch, open: 'OPEN' },
        ),
      );
    },

    async dropTaskRoom(task_id, room_id, epoch) {
      for (let round = 0; round < DROP_ROUNDS; round++) {
        const [rowItem, roomItem] = await calls.snapshot([at.taskRoom(task_id, room_id), at.room(room_id)]);
        const row = rowItem as unknown as TaskRoomItem | undefined;
        if (row?.epoch !== epoch) return false;
        const room = roomItem === undefined ? undefined : roomOf(roomItem);
        const same = room?.created_at === row.created_at ? room : undefined;
        if (same?.task_id === task_id && same.epoch === epoch) {
          return same.state === 'CLOSED' && finishClose(same);
        }
        if (same === undefined) {
          await removeClients(room_id, (item) => item['room_created_at'] === row.created_at);
        }
        const outcome = await repair(row, same === undefined);
        if (outcome.kind === 'done') return true;
      }
      throw new StoreBusy('the room changes too fast');
    },
  };
}
