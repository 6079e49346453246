import { expect, it } from 'vitest';
import type { NewRoom, RoomStore } from '../../../shared/ports/room-store.ts';
import type { ClientRecord, RoomRecord } from '../../../shared/domain/room.ts';
import {
  aClient,
  aRoom,
  aTask,
  contractGroup,
  HOUR,
  keyOf,
  LEASE,
  MAX_ROOMS,
  newClient,
  newRoom,
  NOW,
  tally,
  times,
  type MakeStore,
} from './fixtures.ts';

const LIMIT = NOW + 60_000;
const EXPIRY = NOW + 24 * HOUR;

/** A room that waits for a place, with its first client. */
async function aPendingRoom(
  store: RoomStore,
  overrides: Partial<NewRoom> = {},
): Promise<{ room: RoomRecord; client: ClientRecord }> {
  const wanted = newRoom({ expires_at: LIMIT, ...overrides });
  const result = await store.createPendingRoom(wanted, MAX_ROOMS, NOW);
  if (result.kind !== 'created') throw new Error(`no room was created: ${result.kind}`);
  const { client } = await store.getRoomAndClient(wanted.room_id, wanted.client.client_id);
  return { room: result.room, client: client! };
}

export function pendingContract(make: MakeStore, crowd: number): void {
  contractGroup('createPendingRoom', make, (store) => {
    it('puts the room and its first client, on no task', async () => {
      const wanted = newRoom({ expires_at: LIMIT, kind: 'render' });
      const result = await store.createPendingRoom(wanted, MAX_ROOMS, NOW);
      const { client, ...fields } = wanted;
      const room = {
        ...fields,
        task_id: '',
        url: '',
        state: 'PENDING',
        clients: 1,
        placed_at: NOW,
        quota_shard: expect.any(Number),
      };
      expect(result).toEqual({ kind: 'created', room });
      expect(await store.getRoomWithClients(wanted.room_id)).toEqual({
        room,
        clients: [{ ...client, room_id: wanted.room_id, status: 'RESERVED', generation: 1, updated_at: NOW }],
      });
    });

    it('refuses an id that is taken, by whatever room', async () => {
      const { room } = await aPendingRoom(store);
      const open = await aRoom(store, await aTask(store));
      for (const { room_id } of [room, open.room]) {
        const again = newRoom({ room_id });
        expect(await store.createPendingRoom(again, MAX_ROOMS, NOW)).toEqual({ kind: 'room_exists' });
      }
    });

    it('counts against the limit of all rooms, exactly, with those that have a place', async () => {
      const task = await aTask(store);
      const limit = 10;
      const results = await Promise.all(
        times(Math.ceil(40 * crowd) + 12, (n) =>
          n % 2 === 0
            ? store.createPendingRoom(newRoom({ expires_at: LIMIT }), limit, NOW)
            : store.createRoom(newRoom(), task, limit, NOW),
        ),
      );
      expect(tally(results)['created']).toBe(limit);
      const waiting = await store.countPending('relay');
      expect(waiting + (await store.getTask(task.task_id))!.rooms).toBe(limit);
    });

    it('gives one room for one key', async () => {
      const key = { key_hash: 'k'.repeat(43), body_hash: 'b'.repeat(43), expires_at: NOW + HOUR };
      const results = await Promise.all(
        times(6, () => store.createPendingRoom(newRoom({ expires_at: LIMIT }), MAX_ROOMS, NOW, key)),
      );
      expect(tally(results)).toEqual({ created: 1, key_used: 5 });
      const task = await aTask(store);
      expect((await store.createRoom(newRoom(), task, MAX_ROOMS, NOW, key)).kind).toBe('key_used');
    });
  });

  contractGroup('rooms that wait', make, (store) => {
    it('are listed by kind, the oldest first, those that have expired among them', async () => {
      const made: string[] = [];
      for (const age of [1, 3, 2]) {
        const created_at = NOW - age * HOUR;
        const { room } = await aPendingRoom(store, {
          created_at,
          epoch: created_at,
          expires_at: created_at + 1,
        });
        made.push(room.room_id);
      }
      const render = await aPendingRoom(store, { kind: 'render' });
      await aRoom(store, await aTask(store));
      const listed = await store.listPending('relay', 10);
      expect(listed.map(({ room_id }) => room_id)).toEqual([made[1], made[2], made[0]]);
      expect(listed[0]).toEqual(await store.getRoom(made[1]!));
      expect(await store.listPending('relay', 2)).toEqual(listed.slice(0, 2));
      expect(await store.listPending('render', 10)).toEqual([render.room]);
      expect([await store.countPending('relay'), await store.countPending('render')]).toEqual([3, 1]);
      expect(await store.countPending('relay', NOW - 2 * HOUR)).toBe(1);
    });

    it('can be joined and resumed, and left', async () => {
      const { room, client } = await aPendingRoom(store, { max_clients: 2 });
      const second = await aClient(store, room);
      expect((await store.addClient(room, newClient(), NOW)).kind).toBe('room_full');
      const resumed = await store.resumeClient(room, client, LIMIT, NOW);
      expect(resumed).toMatchObject({ kind: 'resumed', client: { generation: 2 } });
      expect(await store.removeClient(keyOf(room, second))).toEqual({ kind: 'removed', closed: false });
      expect(await store.removeClient({ ...keyOf(room, client), generation: 2 })).toEqual({
        kind: 'removed',
        closed: true,
      });
      expect(await store.getRoom(room.room_id)).toBeUndefined();
      expect(await store.countPending('relay')).toBe(0);
    });

    it('cannot be joined, resumed or placed once their time is over', async () => {
      const { room, client } = await aPendingRoom(store);
      const task = await aTask(store, { lease_until: LIMIT + LEASE });
      expect(await store.addClient(room, newClient(), LIMIT)).toEqual({ kind: 'room_not_found' });
      expect(await store.resumeClient(room, client, LIMIT, LIMIT)).toEqual({ kind: 'room_not_found' });
      expect(await store.placeRoom(room, task, EXPIRY, LIMIT)).toEqual({ kind: 'room_not_found' });
      expect((await store.placeRoom(room, task, EXPIRY, LIMIT - 1)).kind).toBe('rehomed');
    });

    it('are closed with all their clients, and free what they counted', async () => {
      const { room } = await aPendingRoom(store);
      await aClient(store, room);
      expect(await store.closeRoom(room.room_id, room.epoch + 1)).toBe(false);
      expect(await store.closeRoom(room.room_id, room.epoch)).toBe(true);
      expect(await store.closeRoom(room.room_id, room.epoch)).toBe(false);
      expect(await store.getRoomWithClients(room.room_id)).toBeUndefined();
      expect(await store.countPending('relay')).toBe(0);
    });
  });

  contractGroup('placeRoom', make, (store) => {
    it('gives the room a place, at the next epoch and with a new expiry; the clients keep their seats', async () => {
      const { room, client } = await aPendingRoom(store);
      const other = await aClient(store, room);
      const task = await aTask(store);
      const before = (await store.getRoom(room.room_id))!;
      const placed = {
        ...before,
        task_id: task.task_id,
        url: task.url,
        state: 'OPEN',
        epoch: room.epoch + 1,
        placed_at: NOW + 9,
        expires_at: EXPIRY,
      };
      expect(await store.placeRoom(before, task, EXPIRY, NOW + 9)).toEqual({ kind: 'rehomed', room: placed });
      const after = (await store.getRoomWithClients(room.room_id))!;
      expect(after.room).toEqual(placed);
      expect(after.clients).toEqual(expect.arrayContaining([client, other]));
      expect(await store.listTaskRooms(task.task_id)).toEqual([
        { room_id: room.room_id, epoch: room.epoch + 1, placed_at: NOW + 9 },
      ]);
      expect((await store.getTask(task.task_id))!.rooms).toBe(1);
      expect(await store.listPending('relay', 10)).toEqual([]);
    });

    it('is won by one of many at once, and the others are told the winner', async () => {
      const { room } = await aPendingRoom(store);
      const tasks = await Promise.all(times(8, () => aTask(store)));
      const results = await Promise.all(tasks.map((to) => store.placeRoom(room, to, EXPIRY, NOW)));
      expect(tally(results)).toEqual({ rehomed: 1, lost: 7 });
      const present = await store.getRoom(room.room_id);
      for (const result of results) expect(result).toHaveProperty('room', present);
    });

    it('never fills a task beyond its capacity', async () => {
      const task = await aTask(store, { room_capacity: 3 });
      const rooms = await Promise.all(times(6, () => aPendingRoom(store)));
      const results = await Promise.all(rooms.map(({ room }) => store.placeRoom(room, task, EXPIRY, NOW)));
      expect(tally(results)).toEqual({ rehomed: 3, task_unavailable: 3 });
      expect(await store.countPending('relay')).toBe(3);
    });

    it.each([
      ['is not READY', { state: 'DRAINING' as const }],
      ['has lost its lease', { lease_until: NOW }],
      ['has no capacity', { room_capacity: 0 }],
    ])('refuses a task that %s, and changes nothing', async (_, overrides) => {
      const { room } = await aPendingRoom(store);
      const task = await aTask(store, overrides);
      expect(await store.placeRoom(room, task, EXPIRY, NOW)).toEqual({ kind: 'task_unavailable' });
      expect(await store.getRoom(room.room_id)).toEqual(room);
    });

    it('does not find a room that is gone, or is another with the same id', async () => {
      const { room } = await aPendingRoom(store);
      const task = await aTask(store);
      await store.closeRoom(room.room_id, room.epoch);
      expect(await store.placeRoom(room, task, EXPIRY, NOW)).toEqual({ kind: 'room_not_found' });
      await aPendingRoom(store, { room_id: room.room_id, created_at: NOW + 1, epoch: NOW + 1 });
      expect(await store.placeRoom(room, task, EXPIRY, NOW)).toEqual({ kind: 'room_not_found' });
    });

    it('races with joins, leaves and the end of its time without losing a seat or a count', async () => {
      for (let round = 0; round < 3; round++) {
        const [first, second] = [await aTask(store), await aTask(store)];
        const { room, client } = await aPendingRoom(store);
        await Promise.all([
          store.placeRoom(room, first, EXPIRY, NOW),
          store.placeRoom(room, second, EXPIRY, NOW),
          store.addClient(room, newClient(), NOW),
          store.addClient(room, newClient(), NOW),
          store.removeClient(keyOf(room, client)),
          store.closeRoom(room.room_id, room.epoch),
        ]);
        const after = await store.getRoomWithClients(room.room_id);
        expect(after === undefined || after.room.clients === after.clients.length).toBe(true);
      }
    });
  });
}
