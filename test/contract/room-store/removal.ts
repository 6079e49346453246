import { expect, it } from 'vitest';
import type { RoomStore } from '../../../shared/ports/room-store.ts';
import {
  aClient,
  aRoom,
  aTask,
  contractGroup,
  HOUR,
  keyOf,
  keysUnlike,
  MAX_ROOMS,
  newClient,
  newRoom,
  newRoomId,
  NOW,
  tally,
  times,
  type MakeStore,
} from './fixtures.ts';

/** Whether a room's place and quota are free again: its task has no room, and MAX_ROOMS of 1 lets one in. */
async function expectAllFree(store: RoomStore, room_id: string, task_id: string): Promise<void> {
  expect(await store.getRoomWithClients(room_id)).toBeUndefined();
  expect(await store.listTaskRooms(task_id)).toEqual([]);
  expect((await store.getTask(task_id))?.rooms ?? 0).toBe(0);
  const probe = await store.createRoom(newRoom(), await aTask(store), 1, NOW);
  expect(probe.kind).toBe('created');
}

export function removalContract(make: MakeStore, crowd: number): void {
  /** How often a race of two is run. */
  const rounds = Math.ceil(6 * crowd);

  contractGroup('removeClient', make, (store) => {
    it('removes one of several', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      const other = await aClient(store, room);
      expect(await store.removeClient(keyOf(room, client))).toEqual({ kind: 'removed', closed: false });
      expect(await store.getRoomWithClients(room.room_id)).toEqual({ room, clients: [other] });
    });

    it('closes the room with the last one and frees its place and its quota', async () => {
      const task = await aTask(store);
      const { room, client } = await aRoom(store, task);
      expect(await store.removeClient(keyOf(room, client))).toEqual({ kind: 'removed', closed: true });
      await expectAllFree(store, room.room_id, task.task_id);
    });

    it('is ignored the second time', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      await aClient(store, room);
      const key = keyOf(room, client);
      expect((await store.removeClient(key)).kind).toBe('removed');
      expect(await store.removeClient(key)).toEqual({ kind: 'ignored' });
      expect((await store.getRoom(room.room_id))!.clients).toBe(1);
    });

    it('ignores an older connection, an older epoch, and whatever is not there', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      const resumed = await store.resumeClient(room, client, NOW + HOUR, NOW);
      expect(resumed.kind).toBe('resumed');
      const key = { ...keyOf(room, client), generation: 2 };
      for (const wrong of keysUnlike(key)) {
        expect(await store.removeClient(wrong)).toEqual({ kind: 'ignored' });
      }
      expect((await store.getRoomWithClients(room.room_id))!.clients).toHaveLength(1);
      expect((await store.removeClient(key)).kind).toBe('removed');
    });

    it('ignores what the old task says of a room that was placed anew', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      await store.rehomeRoom(room, await aTask(store), NOW);
      expect(await store.removeClient(keyOf(room, client))).toEqual({ kind: 'ignored' });
      expect((await store.getRoomWithClients(room.room_id))!.clients).toHaveLength(1);
    });

    it('removes from a room that has expired', async () => {
      const { room, client } = await aRoom(store, await aTask(store), { expires_at: NOW - HOUR });
      expect(await store.removeClient(keyOf(room, client))).toEqual({ kind: 'removed', closed: true });
    });

    it('closes the room exactly once when all leave at once', async () => {
      const task = await aTask(store);
      const { room, client } = await aRoom(store, task, { max_clients: 12 });
      const clients = [client, ...(await Promise.all(times(11, () => aClient(store, room))))];
      // Each leaves twice: the task's call is repeated when its answer is lost.
      const results = await Promise.all(
        [...clients, ...clients].map((one) => store.removeClient(keyOf(room, one))),
      );
      expect(tally(results)).toEqual({ removed: 12, ignored: 12 });
      expect(results.filter((result) => result.kind === 'removed' && result.closed)).toHaveLength(1);
      await expectAllFree(store, room.room_id, task.task_id);
    });

    it('lets either the last one leave first or another join first, never both or neither', async () => {
      const task = await aTask(store);
      for (let round = 0; round < rounds; round++) {
        const { room, client } = await aRoom(store, task);
        const [removed, joined] = await Promise.all([
          store.removeClient(keyOf(room, client)),
          store.addClient(room, newClient(), NOW),
        ]);
        const after = await store.getRoomWithClients(room.room_id);
        const seats = joined.kind === 'admitted' ? [joined.client] : undefined;
        expect({ removed, seats: after?.clients }).toEqual({
          removed: { kind: 'removed', closed: seats === undefined },
          seats,
        });
        expect(['admitted', 'room_not_found']).toContain(joined.kind);
      }
    });

    it('keeps the counts right while clients come and go', async () => {
      const task = await aTask(store);
      const { room } = await aRoom(store, task, { max_clients: 6 });
      await Promise.all(
        times(10, async () => {
          for (let round = 0; round < 4; round++) {
            const joined = await store.addClient(room, newClient(), NOW);
            if (joined.kind !== 'admitted') continue;
            const left = await store.removeClient(keyOf(room, joined.client));
            expect(left).toEqual({ kind: 'removed', closed: false });
          }
        }),
      );
      expect((await store.getRoom(room.room_id))!.clients).toBe(1);
    });
  });

  contractGroup('closeRoom', make, (store) => {
    it('closes a room whatever clients it has and frees everything', async () => {
      const task = await aTask(store);
      const { room } = await aRoom(store, task, { max_clients: 30 });
      await Promise.all(times(29, () => aClient(store, room)));
      expect(await store.closeRoom(room.room_id, room.epoch)).toBe(true);
      await expectAllFree(store, room.room_id, task.task_id);
      expect(await store.closeRoom(room.room_id, room.epoch)).toBe(false);
    });

    it('leaves a room that is at another epoch', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      expect(await store.closeRoom(room.room_id, room.epoch - 1)).toBe(false);
      expect(await store.closeRoom(room.room_id, room.epoch + 1)).toBe(false);
      expect(await store.closeRoom(newRoomId(), room.epoch)).toBe(false);
      expect(await store.getRoomWithClients(room.room_id)).toEqual({ room, clients: [client] });
    });

    it('is done by one of many at once', async () => {
      const task = await aTask(store);
      const { room } = await aRoom(store, task);
      await aClient(store, room);
      const results = await Promise.all(times(6, () => store.closeRoom(room.room_id, room.epoch)));
      expect(results.filter(Boolean)).toHaveLength(1);
      await expectAllFree(store, room.room_id, task.task_id);
    });

    it('leaves no seat behind when others join, resume and leave at the same time', async () => {
      const task = await aTask(store);
      for (let round = 0; round < rounds; round++) {
        const { room, client } = await aRoom(store, task);
        const other = await aClient(store, room);
        const [closed] = await Promise.all([
          store.closeRoom(room.room_id, room.epoch),
          store.addClient(room, newClient(), NOW),
          store.resumeClient(room, client, NOW + HOUR, NOW),
          store.removeClient(keyOf(room, other)),
          store.addClient(room, newClient(), NOW),
        ]);
        expect(closed).toBe(true);
        expect(await store.getRoomWithClients(room.room_id)).toBeUndefined();
      }
      expect((await store.getTask(task.task_id))!.rooms).toBe(0);
      const again = await Promise.all(times(3, () => store.createRoom(newRoom(), task, 2, NOW)));
      expect(tally(again)).toEqual({ created: 2, rooms_exhausted: 1 });
    });

    it('and the removal of the last client free everything once', async () => {
      const task = await aTask(store);
      await aRoom(store, task, {}, 2);
      for (let round = 0; round < rounds; round++) {
        const { room, client } = await aRoom(store, task, {}, 2);
        await Promise.all([
          store.removeClient(keyOf(room, client)),
          store.closeRoom(room.room_id, room.epoch),
        ]);
        expect(await store.getRoom(room.room_id)).toBeUndefined();
      }
      expect(await store.listTaskRooms(task.task_id)).toHaveLength(1);
      const again = await Promise.all(times(3, () => store.createRoom(newRoom(), task, 2, NOW)));
      expect(tally(again)).toEqual({ created: 1, rooms_exhausted: 2 });
    });
  });

  contractGroup('extendRoom', make, (store) => {
    it('sets the expiry later, never earlier, and only at its epoch', async () => {
      const { room } = await aRoom(store, await aTask(store));
      await store.extendRoom(room.room_id, room.epoch, room.expires_at + HOUR);
      expect((await store.getRoom(room.room_id))!.expires_at).toBe(room.expires_at + HOUR);
      await store.extendRoom(room.room_id, room.epoch, room.expires_at);
      await store.extendRoom(room.room_id, room.epoch - 1, room.expires_at + 2 * HOUR);
      expect((await store.getRoom(room.room_id))!.expires_at).toBe(room.expires_at + HOUR);
    });

    it('makes no room of one that is not there', async () => {
      const room_id = newRoomId();
      await store.extendRoom(room_id, NOW, NOW + HOUR);
      expect(await store.getRoom(room_id)).toBeUndefined();
    });
  });

  contractGroup('dropTaskRoom', make, (store) => {
    it('leaves the row of a room that is placed there', async () => {
      const task = await aTask(store);
      const { room } = await aRoom(store, task);
      expect(await store.dropTaskRoom(task.task_id, room.room_id, room.epoch)).toBe(false);
      expect(await store.listTaskRooms(task.task_id)).toHaveLength(1);
    });

    it('has nothing to do where there is no row, or one of another epoch', async () => {
      const task = await aTask(store);
      const { room } = await aRoom(store, task);
      expect(await store.dropTaskRoom(task.task_id, room.room_id, room.epoch - 1)).toBe(false);
      expect(await store.dropTaskRoom(task.task_id, newRoomId(), room.epoch)).toBe(false);
      expect(await store.dropTaskRoom('nobody', room.room_id, room.epoch)).toBe(false);
      expect((await store.createRoom(newRoom(), task, MAX_ROOMS, NOW)).kind).toBe('created');
    });
  });
}
