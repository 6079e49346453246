import type { RoomRecord } from '../../domain/room.ts';
import { StoreBusy, type RoomStore } from '../../ports/room-store.ts';
import type { TransactionOutcome } from './calls.ts';
import type { Context } from './context.ts';
import { countsOf, removeRow, transactFreeing } from './counts.ts';
import { roomOf } from './items.ts';
import { remove, update } from './parts.ts';

/** A round is lost only to a join or another removal at the same moment. */
const ROUNDS = 12;

export function removeClientMethod({ calls, at }: Context): Pick<RoomStore, 'removeClient'> {
  return {
    async removeClient({ room_id, epoch, client_id, generation }, key_hash) {
      const seat = {
        client: remove(at.client(room_id, client_id), '#generation = :generation', { generation }),
        key: key_hash === undefined ? undefined : remove(at.key(key_hash)),
      };
      const values = { epoch, one: 1, closed: 'CLOSED' };

      /** The variant for one of several clients. */
      const leave = (): Promise<TransactionOutcome<'client' | 'key' | 'room'>> =>
        calls.transact({
          ...seat,
          room: update(
            at.room(room_id),
            'SET #clients = #clients - :one',
            '#epoch = :epoch AND #state <> :closed AND #clients > :one',
            values,
          ),
        });

      /** The variant for the last one: closes the room and frees its place and its quota. */
      const leaveLast = (room: RoomRecord): Promise<TransactionOutcome<'client' | 'key' | 'room' | 'row'>> =>
        transactFreeing(calls, at, countsOf(room), {
          ...seat,
          room: remove(
            at.room(room_id),
            '#epoch = :epoch AND #state <> :closed AND #clients = :one AND #task_id = :task_id',
            { ...values, task_id: room.task_id },
          ),
          row: removeRow(at, room),
        });

      // Read only to choose the likely variant first; the conditions decide, and tell what the room is like instead.
      let item = await calls.get(at.room(room_id));
      for (let round = 0; round < ROUNDS; round++) {
        const room = item === undefined ? undefined : roomOf(item);
        if (room?.epoch !== epoch || room.state === 'CLOSED') return { kind: 'ignored' };
        const last = room.clients <= 1;
        const outcome = await (last ? leaveLast(room) : leave());
        if (outcome.kind === 'done') return { kind: 'removed', closed: last };
        if (outcome.failed.client !== undefined) return { kind: 'ignored' };
        item = outcome.failed.room?.item;
      }
      throw new StoreBusy('the room changes too fast');
    },
  };
}
