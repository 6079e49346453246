import { hasPlace, leaseValid, type TaskRecord } from '../../domain/task.ts';
import type { RoomStore } from '../../ports/room-store.ts';
import { judgeRoom, newClientRecord, newRoomRecord, rehomedRoomRecord } from '../records.ts';
import { giveByKey, usedKey } from './requests.ts';
import { clientRecord, discard, place, roomRecord, taskRecord, unplace, type MemoryState } from './state.ts';

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
  /** Whether `task` may be given a room: the claim of rules 1 and 2. A room that it holds already takes no new place. */
  const claimable = (task: Pick<TaskRecord, 'task_id' | 'url'>, now: number, held = false): boolean => {
    const present = taskRecord(state, task.task_id);
    if (present === undefined || present.url !== task.url) return false;
    return held ? present.state === 'READY' && leaseValid(present, now) : hasPlace(present, now);
  };

  return {
    async createRoom(room, task, max_rooms, now, key) {
      const used = usedKey(state, key, now);
      if (used !== undefined) return { kind: 'key_used', key: used };
      if (!claimable(task, now)) return { kind: 'task_unavailable' };
      if (state.rooms.has(room.room_id)) return { kind: 'room_exists' };
      if (state.rooms.size >= max_rooms) return { kind: 'rooms_exhausted' };
      const { clients: _, ...record } = newRoomRecord(room, task, 0, now);
      const client = newClientRecord(room.room_id, room.client, now);
      state.rooms.set(room.room_id, { record, clients: new Map([[client.client_id, client]]) });
      place(state, task.task_id, room.room_id);
      giveByKey(state, key, room, client.client_id, now);
      return { kind: 'created', room: roomRecord(state, room.room_id)! };
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
      if (!claimable(to, now, to.task_id === present.task_id)) return { kind: 'task_unavailable' };
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
