import type { ClientRecord } from '../../domain/room.ts';
import type { RoomStore } from '../../ports/room-store.ts';
import { judgeRoom, newClientRecord, resumedClientRecord } from '../records.ts';
import { giveByKey, usedKey } from './requests.ts';
import { clientRecord, discard, roomRecord, type MemoryState, type StoredRoom } from './state.ts';

type ClientMethods = Pick<RoomStore, 'addClient' | 'resumeClient' | 'markConnected' | 'removeClient'>;

interface ClientKey {
  room_id: string;
  epoch: number;
  client_id: string;
  generation: number;
}

export function clientMethods(state: MemoryState): ClientMethods {
  /** The room and the client of `key`, if epoch and generation are the present ones. */
  const find = (key: ClientKey): { room: StoredRoom; client: ClientRecord } | undefined => {
    const room = state.rooms.get(key.room_id);
    const client = room?.clients.get(key.client_id);
    if (room?.record.epoch !== key.epoch || client?.generation !== key.generation) return undefined;
    return { room, client };
  };

  return {
    async addClient(read, newClient, now, key) {
      const used = usedKey(state, key, now);
      if (used !== undefined) return { kind: 'key_used', key: used };
      const room = roomRecord(state, read.room_id);
      const verdict = judgeRoom(read, room, now);
      if (room === undefined || verdict === 'gone') return { kind: 'room_not_found' };
      if (verdict === 'moved') return { kind: 'moved', room };
      if (room.clients >= room.max_clients) return { kind: 'room_full', room };
      const { clients } = state.rooms.get(read.room_id)!;
      if (clients.has(newClient.client_id)) throw new Error('the client id is taken in this room');
      const client = newClientRecord(read.room_id, newClient, now);
      clients.set(client.client_id, client);
      giveByKey(state, key, room, client.client_id, now);
      return { kind: 'admitted', room: roomRecord(state, read.room_id)!, client: { ...client } };
    },

    async resumeClient(read, client, expires_at, now) {
      const room = roomRecord(state, read.room_id);
      const verdict = judgeRoom(read, room, now);
      if (room === undefined || verdict === 'gone') return { kind: 'room_not_found' };
      if (verdict === 'moved') return { kind: 'moved', room };
      const stored = state.rooms.get(read.room_id)!;
      const present = clientRecord(stored, client.client_id);
      if (present === undefined) return { kind: 'client_not_found' };
      if (present.generation !== client.generation) return { kind: 'superseded', client: present };
      const resumed = resumedClientRecord(present, expires_at, now);
      stored.clients.set(resumed.client_id, resumed);
      return { kind: 'resumed', room, client: { ...resumed } };
    },

    async markConnected(key, now) {
      const found = find(key);
      if (found === undefined) return false;
      found.client.status = 'CONNECTED';
      found.client.updated_at = now;
      return true;
    },

    async removeClient(key, key_hash) {
      const found = find(key);
      if (found === undefined) return { kind: 'ignored' };
      found.room.clients.delete(key.client_id);
      if (key_hash !== undefined) state.keys.delete(key_hash);
      const closed = found.room.clients.size === 0;
      if (closed) discard(state, found.room);
      return { kind: 'removed', closed };
    },
  };
}
