/** Rooms that wait for a place. */
import type { TaskKind } from '../../domain/task.ts';
import type { RoomStore } from '../../ports/room-store.ts';
import { judgeRoom, placedRoomRecord } from '../records.ts';
import { addRoom, claimable } from './places.ts';
import { usedKey } from './requests.ts';
import { place, roomRecord, type MemoryState } from './state.ts';

type PendingMethods = Pick<RoomStore, 'createPendingRoom' | 'listPending' | 'countPending' | 'placeRoom'>;

export function pendingMethods(state: MemoryState): PendingMethods {
  const waiting = (kind: TaskKind) =>
    [...state.rooms.values()]
      .map(({ record }) => record)
      .filter((room) => room.state === 'PENDING' && room.kind === kind);

  return {
    async createPendingRoom(room, max_rooms, now, key) {
      const used = usedKey(state, key, now);
      return used === undefined
        ? addRoom(state, room, undefined, max_rooms, now, key)
        : { kind: 'key_used', key: used };
    },

    async listPending(kind, limit) {
      return waiting(kind)
        .sort((a, b) => a.created_at - b.created_at)
        .slice(0, limit)
        .map(({ room_id }) => roomRecord(state, room_id)!);
    },

    async countPending(kind, created_after = 0) {
      return waiting(kind).filter(({ created_at }) => created_at > created_after).length;
    },

    async placeRoom(room, to, expires_at, now) {
      const present = roomRecord(state, room.room_id);
      const verdict = judgeRoom(room, present, now);
      if (present === undefined || verdict === 'gone') return { kind: 'room_not_found' };
      if (verdict === 'moved' || present.state !== 'PENDING') return { kind: 'lost', room: present };
      if (!claimable(state, to, now)) return { kind: 'task_unavailable' };
      const { clients: _, ...record } = placedRoomRecord(present, to, expires_at, now);
      state.rooms.get(room.room_id)!.record = record;
      place(state, to.task_id, room.room_id);
      return { kind: 'rehomed', room: roomRecord(state, room.room_id)! };
    },
  };
}
