import type { RoomStore } from '../../ports/room-store.ts';
import { judgeRoom, rehomedRoomRecord } from '../records.ts';
import { addRoom, claimable } from './places.ts';
import { usedKey } from './requests.ts';
import { clientRecord, discard, place, roomRecord, unplace, type MemoryState } from './state.ts';

type RoomMethods = Pick<
  RoomStore,
  | 'createRoom'
  | 'getRoom'
  | 'getRoomWithClients'
  | 'getRoomAndClient'
  | 'rehomeRoom'
  | 'closeRoom'
  | 'extendRoom'
  | 'dropTaskRoom'
>;

export function roomMethods(state: MemoryState): RoomMethods {
  return {
    async createRoom(room, task, max_rooms, now, key) {
      const used = usedKey(state, key, now);
      if (used !== undefined) return { kind: 'key_used', key: used };
      if (!claimable(state, task, now)) return { kind: 'task_unavailable' };
      return addRoom(state, room, task, max_rooms, now, key);
    },

    async getRoom(room_id) {
      return roomRecord(state, room_id);
    },

    async getRoomWithClients(room_id) {
      const stored = state.rooms.get(room_id);
      if (stored === undefined) return undefined;
      const clients = [...stored.clients.keys()].map((client_id) => clientRecord(stored, client_id)!);
      return { room: roomRecord(state, room_id)!, clients };
    },

    async getRoomAndClient(room_id, client_id) {
      const stored = state.rooms.get(room_id);
      if (stored === undefined) return { room: undefined, client: undefined };
      return { room: roomRecord(state, room_id), client: clientRecord(stored, client_id) };
    },

    async rehomeRoom(room, to, now) {
      const present = roomRecord(state, room.room_id);
      const verdict = judgeRoom(room, present, now);
      if (present === undefined || verdict === 'gone') return { kind: 'room_not_found' };
      if (verdict === 'moved') return { kind: 'lost', room: present };
      if (!claimable(state, to, now, to.task_id === present.task_id)) return { kind: 'task_unavailable' };
      const { clients: _, ...record } = rehomedRoomRecord(present, to, now);
      unplace(state, present.task_id, room.room_id);
      state.rooms.get(room.room_id)!.record = record;
      place(state, to.task_id, room.room_id);
      return { kind: 'rehomed', room: roomRecord(state, room.room_id)! };
    },

    async closeRoom(room_id, epoch) {
      const stored = state.rooms.get(room_id);
      if (stored?.record.epoch !== epoch) return false;
      discard(state, stored);
      return true;
    },

    async extendRoom(room_id, epoch, expires_at) {
      const record = state.rooms.get(room_id)?.record;
      if (record?.epoch === epoch && record.expires_at < expires_at) record.expires_at = expires_at;
    },

    // The rows `[task_id, room_id]` are the rooms themselves here: none can be left over.
    async dropTaskRoom() {
      return false;
    },
  };
}
