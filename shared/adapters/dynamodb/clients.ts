import type { RoomRecord } from '../../domain/room.ts';
import type { RoomStore } from '../../ports/room-store.ts';
import { judgeRoom, newClientRecord, resumedClientRecord } from '../records.ts';
import type { Context } from './context.ts';
import { clientItem, clientOf, roomOf, timeToLive } from './items.ts';
import { check, putNew, update } from './parts.ts';
import { keyOf, putKey } from './requests.ts';
import type { Item } from './trouble.ts';

type ClientMethods = Pick<RoomStore, 'addClient' | 'resumeClient' | 'markConnected'>;

/** The room is as read: the same one, not closed, at its epoch, not expired. `judgeRoom` as a condition. */
const AS_READ =
  '#epoch = :epoch AND #task_id = :task_id AND #created_at = :created_at AND #state <> :closed AND #expires_at > :now';

function asRead(room: RoomRecord, now: number) {
  const { epoch, task_id, created_at } = room;
  return { epoch, task_id, created_at, closed: 'CLOSED', now };
}

export function clientMethods({ calls, at, names }: Context): ClientMethods {
  /** What the item says that did not fit `AS_READ`. */
  const judge = (read: RoomRecord, item: Item | undefined, now: number) => {
    const room = item === undefined ? undefined : roomOf(item);
    return { room, verdict: judgeRoom(read, room, now) };
  };

  return {
    async addClient(read, newClient, now, key) {
      const client = newClientRecord(read.room_id, newClient, now);
      const outcome = await calls.transact({
        room: update(
          at.room(read.room_id),
          'SET #clients = #clients + :one',
          `${AS_READ} AND #clients < #max_clients`,
          { ...asRead(read, now), one: 1 },
        ),
        client: putNew(names.rooms, clientItem(client, read)),
        key: putKey(at, key, read, client.client_id, now),
      });
      if (outcome.kind === 'done') {
        return { kind: 'admitted', room: { ...read, clients: read.clients + 1 }, client };
      }
      const { failed } = outcome;
      if (failed.key?.item !== undefined) return { kind: 'key_used', key: keyOf(failed.key.item) };
      if (failed.room === undefined) throw new Error('the client id is taken in this room');
      const { room, verdict } = judge(read, failed.room.item, now);
      if (room === undefined || verdict === 'gone') return { kind: 'room_not_found' };
      return { kind: verdict === 'moved' ? 'moved' : 'room_full', room };
    },

    async resumeClient(read, client, expires_at, now) {
      const resumed = resumedClientRecord(client, expires_at, now);
      const outcome = await calls.transact({
        room: check(at.room(read.room_id), AS_READ, asRead(read, now)),
        client: update(
          at.client(read.room_id, client.client_id),
          'SET #status = :status, #generation = :next, #expires_at = :expires_at, #updated_at = :now, #ttl = :ttl',
          '#generation = :generation AND #room_created_at = :created_at',
          {
            status: resumed.status,
            next: resumed.generation,
            expires_at,
            now,
            ttl: timeToLive(expires_at),
            generation: client.generation,
            created_at: read.created_at,
          },
        ),
      });
      if (outcome.kind === 'done') return { kind: 'resumed', room: read, client: resumed };
      const { failed } = outcome;
      if (failed.room !== undefined) {
        const { room, verdict } = judge(read, failed.room.item, now);
        return room === undefined || verdict === 'gone'
          ? { kind: 'room_not_found' }
          : { kind: 'moved', room };
      }
      const present = failed.client?.item === undefined ? undefined : clientOf(failed.client.item, read);
      return present === undefined ? { kind: 'client_not_found' } : { kind: 'superseded', client: present };
    },

    async markConnected({ room_id, epoch, client_id, generation }, now) {
      const outcome = await calls.transact({
        room: check(at.room(room_id), '#epoch = :epoch AND #state = :open', { epoch, open: 'OPEN' }),
        client: update(
          at.client(room_id, client_id),
          'SET #status = :connected, #updated_at = :now REMOVE #expires_at, #ttl',
          '#generation = :generation',
          { connected: 'CONNECTED', now, generation },
        ),
      });
      return outcome.kind === 'done';
    },
  };
}
