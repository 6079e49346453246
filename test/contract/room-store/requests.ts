import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { NewKey, RoomStore } from '../../../shared/ports/room-store.ts';
import {
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
} from './fixtures.ts';
import type { MakeStore } from './fixtures.ts';

function newKey(overrides: Partial<NewKey> = {}): NewKey {
  return { key_hash: randomUUID(), body_hash: randomUUID(), expires_at: NOW + 600_000, ...overrides };
}

/** What is kept of `key` for the first client of `room`. */
const given = (
  key: NewKey,
  seat: { room_id: string; created_at: number; client: { client_id: string } },
) => ({
  ...key,
  room_id: seat.room_id,
  client_id: seat.client.client_id,
  room_created_at: seat.created_at,
  used_at: NOW,
});

/** Idempotency keys, and failures of a source. */
export function requestContract(make: MakeStore): void {
  contractGroup('idempotency keys', make, (store) => {
    const create = (room: ReturnType<typeof newRoom>, task: Awaited<ReturnType<typeof aTask>>, key: NewKey) =>
      store.createRoom(room, task, MAX_ROOMS, NOW, key);

    it('are kept with the room that they give', async () => {
      const [task, room, key] = [await aTask(store), newRoom(), newKey()];
      expect(await store.getKey(key.key_hash)).toBeUndefined();
      expect((await create(room, task, key)).kind).toBe('created');
      expect(await store.getKey(key.key_hash)).toEqual(given(key, room));
    });

    it('give one room, and tell the others of it, whatever else stands against them', async () => {
      const [task, room, key] = [await aTask(store), newRoom(), newKey()];
      await create(room, task, key);
      const used = { kind: 'key_used', key: given(key, room) };
      expect(await create(newRoom(), task, { ...key, body_hash: 'other' })).toEqual(used);
      expect(await store.createRoom(room, task, 1, NOW, key)).toEqual(used);
      expect(await create(newRoom(), { ...task, url: 'ws://203.0.113.9:1' }, key)).toEqual(used);
      expect(await store.listTaskRooms(task.task_id)).toHaveLength(1);
    });

    it('give one room to many requests at once', async () => {
      const [task, key] = [await aTask(store), newKey()];
      const results = await Promise.all(times(8, () => create(newRoom(), task, key)));
      expect(tally(results)).toEqual({ created: 1, key_used: 7 });
    });

    it('are not kept where no room is created', async () => {
      const [task, key] = [await aTask(store, { room_capacity: 0 }), newKey()];
      expect((await create(newRoom(), task, key)).kind).toBe('task_unavailable');
      expect(await store.getKey(key.key_hash)).toBeUndefined();
    });

    it('may be used again once they have expired', async () => {
      const [task, key] = [await aTask(store), newKey({ expires_at: NOW })];
      await create(newRoom(), task, key);
      const again = newRoom();
      expect((await create(again, task, key)).kind).toBe('created');
      expect(await store.getKey(key.key_hash)).toEqual(given(key, again));
    });

    it('give one seat, and tell the others of it, also where the room is full', async () => {
      const { room } = await aRoom(store, await aTask(store), { max_clients: 2 });
      const [client, key] = [newClient(), newKey()];
      expect((await store.addClient(room, client, NOW, key)).kind).toBe('admitted');
      const used = { kind: 'key_used', key: given(key, { ...room, client }) };
      expect(await store.addClient(room, newClient(), NOW, key)).toEqual(used);
      expect((await store.getRoomWithClients(room.room_id))?.clients).toHaveLength(2);
    });

    it('are forgotten with the seat that they gave, if that is asked for and the seat is removed', async () => {
      const [task, wanted, key] = [await aTask(store), newRoom(), newKey()];
      const result = await create(wanted, task, key);
      if (result.kind !== 'created') throw new Error(result.kind);
      const { room } = result;
      const seat = { ...keyOf(room, { client_id: wanted.client.client_id, generation: 1 } as never) };
      expect(await store.removeClient({ ...seat, generation: 2 }, key.key_hash)).toEqual({ kind: 'ignored' });
      expect(await store.getKey(key.key_hash)).toBeDefined();
      expect(await store.removeClient(seat, key.key_hash)).toEqual({ kind: 'removed', closed: true });
      expect(await store.getKey(key.key_hash)).toBeUndefined();
    });

    it('outlive a seat that is given up otherwise', async () => {
      const [client, key] = [newClient(), newKey()];
      const { room } = await aRoom(store, await aTask(store));
      await store.addClient(room, client, NOW, key);
      await store.removeClient({
        room_id: room.room_id,
        epoch: room.epoch,
        client_id: client.client_id,
        generation: 1,
      });
      expect(await store.getKey(key.key_hash)).toBeDefined();
    });
  });

  contractGroup('failures of a source', make, (store: RoomStore) => {
    it('are counted until their window is over, which none of them extends', async () => {
      const source = randomUUID();
      expect(await store.getFailures(source)).toBeUndefined();
      expect(await store.countFailure(source, NOW, NOW + 100)).toEqual({ failures: 1, until: NOW + 100 });
      expect(await store.countFailure(source, NOW + 99, NOW + 199)).toEqual({
        failures: 2,
        until: NOW + 100,
      });
      expect(await store.getFailures(source)).toEqual({ failures: 2, until: NOW + 100 });
      expect(await store.countFailure(source, NOW + 100, NOW + 200)).toEqual({
        failures: 1,
        until: NOW + 200,
      });
      expect(await store.countFailure(randomUUID(), NOW, NOW + 100)).toMatchObject({ failures: 1 });
    });

    it('are all counted when they come at once', async () => {
      const source = randomUUID();
      await Promise.all(times(12, () => store.countFailure(source, NOW, NOW + 100)));
      // Where answers are lost among many, one may be counted twice.
      expect((await store.getFailures(source))?.failures).toBeGreaterThanOrEqual(12);
    });
  });
}
