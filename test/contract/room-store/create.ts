import { expect, it } from 'vitest';
import {
  aClient,
  aRoom,
  aTask,
  contractGroup,
  HOUR,
  keyOf,
  MAX_ROOMS,
  newRoom,
  NOW,
  tally,
  times,
  type MakeStore,
} from './fixtures.ts';

export function createContract(make: MakeStore, crowd: number): void {
  contractGroup('createRoom', make, (store) => {
    it('puts the room, its first client and its place', async () => {
      const task = await aTask(store);
      const wanted = newRoom({ max_clients: 3, created_at: NOW - 5, epoch: NOW - 5 });
      const result = await store.createRoom(wanted, task, MAX_ROOMS, NOW);
      const { client, ...fields } = wanted;
      const room = {
        ...fields,
        task_id: task.task_id,
        url: task.url,
        state: 'OPEN',
        clients: 1,
        placed_at: NOW,
        quota_shard: expect.any(Number),
      };
      expect(result).toEqual({ kind: 'created', room });
      expect(await store.getRoomWithClients(wanted.room_id)).toEqual({
        room,
        clients: [{ ...client, room_id: wanted.room_id, status: 'RESERVED', generation: 1, updated_at: NOW }],
      });
      expect(await store.listTaskRooms(task.task_id)).toEqual([
        { room_id: wanted.room_id, epoch: NOW - 5, placed_at: NOW },
      ]);
      expect(await store.getTask(task.task_id)).toEqual({ ...task, rooms: 1 });
    });

    it('refuses an id that is taken, also by a room that has expired', async () => {
      const task = await aTask(store);
      const { room } = await aRoom(store, task, { expires_at: NOW - HOUR });
      const again = newRoom({ room_id: room.room_id });
      expect(await store.createRoom(again, task, MAX_ROOMS, NOW)).toEqual({ kind: 'room_exists' });
      expect(await store.getRoom(room.room_id)).toEqual(room);
    });

    it('gives the id of a closed room to a new one', async () => {
      const task = await aTask(store);
      const { room } = await aRoom(store, task);
      await aClient(store, room);
      await store.closeRoom(room.room_id, room.epoch);
      const next = await aRoom(store, task, { room_id: room.room_id, created_at: NOW + 1, epoch: NOW + 1 });
      expect((await store.getRoomWithClients(room.room_id))?.clients).toEqual([next.client]);
    });

    it.each([
      ['is not READY', { state: 'DRAINING' as const }],
      ['has lost its lease', { lease_until: NOW }],
      ['has no capacity', { room_capacity: 0 }],
    ])('refuses a task that %s', async (_, overrides) => {
      const task = await aTask(store, overrides);
      const wanted = newRoom();
      expect(await store.createRoom(wanted, task, MAX_ROOMS, NOW)).toEqual({ kind: 'task_unavailable' });
      expect(await store.getRoomWithClients(wanted.room_id)).toBeUndefined();
      expect(await store.listTaskRooms(task.task_id)).toEqual([]);
    });

    it('refuses a task that is gone, or has another address by now', async () => {
      const task = await aTask(store);
      const elsewhere = { ...task, url: 'ws://203.0.113.99:5001' };
      expect(await store.createRoom(newRoom(), elsewhere, MAX_ROOMS, NOW)).toEqual({
        kind: 'task_unavailable',
      });
      await store.removeTask(task.task_id, task.lease_until);
      expect(await store.createRoom(newRoom(), task, MAX_ROOMS, NOW)).toEqual({ kind: 'task_unavailable' });
    });

    it('says the task before the id before the quota where several fail', async () => {
      const task = await aTask(store);
      const full = await aTask(store, { room_capacity: 0 });
      const { room } = await aRoom(store, task, {}, 1);
      const taken = newRoom({ room_id: room.room_id });
      expect(await store.createRoom(taken, full, 1, NOW)).toEqual({ kind: 'task_unavailable' });
      expect(await store.createRoom(taken, task, 1, NOW)).toEqual({ kind: 'room_exists' });
      expect(await store.createRoom(newRoom(), task, 1, NOW)).toEqual({ kind: 'rooms_exhausted' });
    });

    it('never gives a task more rooms than its capacity', async () => {
      const task = await aTask(store, { room_capacity: 7 });
      const results = await Promise.all(times(20, () => store.createRoom(newRoom(), task, MAX_ROOMS, NOW)));
      expect(tally(results)).toEqual({ created: 7, task_unavailable: 13 });
    });

    it('gives one id to one of many', async () => {
      const task = await aTask(store);
      const room_id = newRoom().room_id;
      const results = await Promise.all(
        times(10, () => store.createRoom(newRoom({ room_id }), task, MAX_ROOMS, NOW)),
      );
      expect(tally(results)).toEqual({ created: 1, room_exists: 9 });
    });
  });

  contractGroup('MAX_ROOMS', make, (store) => {
    const [creates, max_rooms] = [200 * crowd, 50 * crowd];
    it(`is exact: ${creates} creates at once against ${max_rooms} give ${max_rooms}`, async () => {
      const tasks = await Promise.all(times(3, () => aTask(store)));
      const results = await Promise.all(
        times(creates, (n) => store.createRoom(newRoom(), tasks[n % tasks.length]!, max_rooms, NOW)),
      );
      expect(tally(results)).toEqual({ created: max_rooms, rooms_exhausted: creates - max_rooms });
    });

    it.each([1, 17])('of %i is reached to the last one, and no further', async (max) => {
      const task = await aTask(store);
      const kinds: string[] = [];
      for (let n = 0; n <= max; n++) kinds.push((await store.createRoom(newRoom(), task, max, NOW)).kind);
      expect(kinds).toEqual([...times(max, () => 'created'), 'rooms_exhausted']);
    });

    it('counts a room no more once it is closed, or its last client has left', async () => {
      const task = await aTask(store);
      const one = await aRoom(store, task, {}, 2);
      const two = await aRoom(store, task, {}, 2);
      expect((await store.createRoom(newRoom(), task, 2, NOW)).kind).toBe('rooms_exhausted');
      await store.closeRoom(one.room.room_id, one.room.epoch);
      expect((await store.createRoom(newRoom(), task, 2, NOW)).kind).toBe('created');
      expect((await store.createRoom(newRoom(), task, 2, NOW)).kind).toBe('rooms_exhausted');
      await store.removeClient(keyOf(two.room, two.client));
      expect((await store.createRoom(newRoom(), task, 2, NOW)).kind).toBe('created');
    });

    it('may be lowered and raised while rooms are open', async () => {
      const task = await aTask(store);
      for (let n = 0; n < 6; n++) await aRoom(store, task, {}, 6);
      expect((await store.createRoom(newRoom(), task, 3, NOW)).kind).toBe('rooms_exhausted');
      expect((await store.createRoom(newRoom(), task, 7, NOW)).kind).toBe('created');
    });

    it('stays exact while rooms come and go', async () => {
      const task = await aTask(store);
      const max = 5;
      await Promise.all(
        times(8, async () => {
          for (let round = 0; round < 3; round++) {
            const result = await store.createRoom(newRoom(), task, max, NOW);
            expect((await store.getTask(task.task_id))!.rooms).toBeLessThanOrEqual(max);
            if (result.kind === 'created') await store.closeRoom(result.room.room_id, result.room.epoch);
          }
        }),
      );
      const after = await Promise.all(times(8, () => store.createRoom(newRoom(), task, max, NOW)));
      expect(tally(after)).toEqual({ created: max, rooms_exhausted: 8 - max });
    });
  });
}
