import { expect, it } from 'vitest';
import {
  aClient,
  aRoom,
  aTask,
  contractGroup,
  keyOf,
  MAX_ROOMS,
  newClient,
  newRoom,
  NOW,
  tally,
  times,
  type MakeStore,
} from './fixtures.ts';

export function rehomeContract(make: MakeStore): void {
  contractGroup('rehomeRoom', make, (store) => {
    it('moves the room with its clients to the other task, at the next epoch', async () => {
      const from = await aTask(store);
      const to = await aTask(store, { url: 'ws://203.0.113.8:5001' });
      const { room, client } = await aRoom(store, from);
      const other = await aClient(store, room);
      const before = (await store.getRoom(room.room_id))!;
      const moved = {
        ...before,
        task_id: to.task_id,
        url: to.url,
        epoch: room.epoch + 1,
        placed_at: NOW + 9,
      };
      expect(await store.rehomeRoom(before, to, NOW + 9)).toEqual({ kind: 'rehomed', room: moved });
      const after = (await store.getRoomWithClients(room.room_id))!;
      expect(after.room).toEqual(moved);
      expect(after.clients).toEqual(expect.arrayContaining([client, other]));
      expect(await store.listTaskRooms(from.task_id)).toEqual([]);
      expect(await store.listTaskRooms(to.task_id)).toEqual([
        { room_id: room.room_id, epoch: room.epoch + 1, placed_at: NOW + 9 },
      ]);
      expect((await store.getTask(from.task_id))!.rooms).toBe(0);
      expect((await store.getTask(to.task_id))!.rooms).toBe(1);
    });

    it('is won by one of many at once, and the others are told the winner', async () => {
      const { room } = await aRoom(store, await aTask(store));
      const targets = await Promise.all(times(8, () => aTask(store)));
      const results = await Promise.all(targets.map((to) => store.rehomeRoom(room, to, NOW)));
      expect(tally(results)).toEqual({ rehomed: 1, lost: 7 });
      const present = await store.getRoom(room.room_id);
      for (const result of results) expect(result).toHaveProperty('room', present);
    });

    it('fences: what is still said at the old epoch has no effect', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      const to = await aTask(store);
      await store.rehomeRoom(room, to, NOW);
      expect(await store.markConnected(keyOf(room, client), NOW)).toBe(false);
      expect(await store.removeClient(keyOf(room, client))).toEqual({ kind: 'ignored' });
      expect(await store.closeRoom(room.room_id, room.epoch)).toBe(false);
      expect((await store.rehomeRoom(room, to, NOW)).kind).toBe('lost');
      expect((await store.getRoomWithClients(room.room_id))!.clients).toEqual([client]);
    });

    it('moves it back to a task that was removed and came back', async () => {
      const from = await aTask(store);
      const { room, client } = await aRoom(store, from);
      const to = await aTask(store);
      const first = await store.rehomeRoom(room, to, NOW);
      expect(first.kind).toBe('rehomed');
      expect(await store.removeTask(from.task_id, from.lease_until)).toBe('removed');
      const back = await aTask(store, { task_id: from.task_id });
      const present = (await store.getRoom(room.room_id))!;
      expect((await store.rehomeRoom(present, back, NOW)).kind).toBe('rehomed');
      const { room: last } = (await store.getRoomWithClients(room.room_id))!;
      expect(await store.removeClient(keyOf(last, client))).toEqual({ kind: 'removed', closed: true });
    });

    it('places it anew on the same task, which counts it once', async () => {
      const task = await aTask(store, { room_capacity: 1 });
      const { room } = await aRoom(store, task);
      const result = await store.rehomeRoom(room, task, NOW + 1);
      const moved = { ...room, epoch: room.epoch + 1, placed_at: NOW + 1 };
      expect(result).toEqual({ kind: 'rehomed', room: moved });
      expect(await store.listTaskRooms(task.task_id)).toEqual([
        { room_id: room.room_id, epoch: moved.epoch, placed_at: moved.placed_at },
      ]);
      expect((await store.getTask(task.task_id))!.rooms).toBe(1);
    });

    it.each([
      ['is not READY', { state: 'DRAINING' as const }],
      ['has lost its lease', { lease_until: NOW }],
      ['has no capacity', { room_capacity: 0 }],
    ])('refuses a task that %s, and changes nothing', async (_, overrides) => {
      const from = await aTask(store);
      const { room } = await aRoom(store, from);
      const to = await aTask(store, overrides);
      expect(await store.rehomeRoom(room, to, NOW)).toEqual({ kind: 'task_unavailable' });
      expect(await store.getRoom(room.room_id)).toEqual(room);
      expect(await store.listTaskRooms(to.task_id)).toEqual([]);
      expect((await store.getTask(from.task_id))!.rooms).toBe(1);
    });

    it('refuses a task that is gone, or has another address by now', async () => {
      const { room } = await aRoom(store, await aTask(store));
      const to = await aTask(store);
      const elsewhere = { ...to, url: 'ws://203.0.113.99:5001' };
      expect(await store.rehomeRoom(room, elsewhere, NOW)).toEqual({ kind: 'task_unavailable' });
      await store.removeTask(to.task_id, to.lease_until);
      expect(await store.rehomeRoom(room, to, NOW)).toEqual({ kind: 'task_unavailable' });
    });

    it('does not find a room that is gone, has expired, or is another with the same id', async () => {
      const [task, to] = [await aTask(store), await aTask(store)];
      const { room } = await aRoom(store, task);
      expect(await store.rehomeRoom(room, { ...to }, room.expires_at)).toEqual({ kind: 'room_not_found' });
      await store.closeRoom(room.room_id, room.epoch);
      expect(await store.rehomeRoom(room, to, NOW)).toEqual({ kind: 'room_not_found' });
      await aRoom(store, task, { room_id: room.room_id, created_at: NOW + 1, epoch: NOW + 1 });
      expect(await store.rehomeRoom(room, to, NOW)).toEqual({ kind: 'room_not_found' });
    });

    it('never fills a task beyond its capacity', async () => {
      const from = await aTask(store);
      const to = await aTask(store, { room_capacity: 5 });
      const rooms = await Promise.all(times(10, () => aRoom(store, from)));
      const results = await Promise.all(
        rooms.flatMap(({ room }, n) =>
          n % 2 === 0
            ? [store.rehomeRoom(room, to, NOW)]
            : [store.rehomeRoom(room, to, NOW), store.createRoom(newRoom(), to, MAX_ROOMS, NOW)],
        ),
      );
      const { rehomed = 0, created = 0 } = tally(results);
      expect(rehomed + created).toBe(5);
      expect((await store.getTask(to.task_id))!.rooms).toBe(5);
    });

    it('races with joins and leaves without losing a seat', async () => {
      const tasks = await Promise.all(times(3, () => aTask(store)));
      const { room, client } = await aRoom(store, tasks[0]!);
      await Promise.all([
        store.rehomeRoom(room, tasks[1]!, NOW),
        store.rehomeRoom(room, tasks[2]!, NOW),
        store.addClient(room, newClient(), NOW),
        store.addClient(room, newClient(), NOW),
        store.removeClient(keyOf(room, client)),
      ]);
      const after = await store.getRoomWithClients(room.room_id);
      expect(after === undefined || after.room.clients === after.clients.length).toBe(true);
    });
  });

  contractGroup('lockSweep', make, (store) => {
    it('is held by one owner at a time', async () => {
      const results = await Promise.all(
        times(8, (n) => store.lockSweep('update-tasks', `sweep-${n}`, NOW, NOW + 1_000)),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
    });

    it('may be prolonged by its owner only', async () => {
      expect(await store.lockSweep('update-tasks', 'one', NOW, NOW + 1_000)).toBe(true);
      expect(await store.lockSweep('update-tasks', 'two', NOW + 999, NOW + 3_000)).toBe(false);
      expect(await store.lockSweep('update-tasks', 'one', NOW + 999, NOW + 2_000)).toBe(true);
      expect(await store.lockSweep('update-tasks', 'two', NOW + 1_999, NOW + 3_000)).toBe(false);
    });

    it('is apart from that of another name', async () => {
      await store.lockSweep('update-tasks', 'one', NOW, NOW + 1_000);
      expect(await store.lockSweep('scale-fleet', 'two', NOW, NOW + 1_000)).toBe(true);
      await store.unlockSweep('update-tasks', 'two');
      expect(await store.lockSweep('update-tasks', 'two', NOW, NOW + 1_000)).toBe(false);
    });

    it('ends with its time', async () => {
      await store.lockSweep('update-tasks', 'one', NOW, NOW + 1_000);
      expect(await store.lockSweep('update-tasks', 'two', NOW + 1_000, NOW + 2_000)).toBe(true);
    });

    it('ends when its owner gives it up, not when another does', async () => {
      await store.lockSweep('update-tasks', 'one', NOW, NOW + 1_000);
      await store.unlockSweep('update-tasks', 'two');
      expect(await store.lockSweep('update-tasks', 'two', NOW, NOW + 1_000)).toBe(false);
      await store.unlockSweep('update-tasks', 'one');
      expect(await store.lockSweep('update-tasks', 'two', NOW, NOW + 1_000)).toBe(true);
      await store.unlockSweep('update-tasks', 'nobody');
    });
  });
}
