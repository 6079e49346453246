import { expect, it } from 'vitest';
import {
  aClient,
  aRoom,
  aTask,
  contractGroup,
  HOUR,
  keyOf,
  keysUnlike,
  newClient,
  newRoomId,
  NOW,
  tally,
  theClient,
  times,
  type MakeStore,
} from './fixtures.ts';

export function clientContract(make: MakeStore, crowd: number): void {
  contractGroup('reading a room', make, (store) => {
    it('finds nothing of a room that is not there', async () => {
      const room_id = newRoomId();
      expect(await store.getRoom(room_id)).toBeUndefined();
      expect(await store.getRoomWithClients(room_id)).toBeUndefined();
      expect(await store.getRoomAndClient(room_id, newClient().client_id)).toEqual({
        room: undefined,
        client: undefined,
      });
    });

    it('finds a room that has expired', async () => {
      const { room, client } = await aRoom(store, await aTask(store), { expires_at: NOW - HOUR });
      expect(await store.getRoom(room.room_id)).toEqual(room);
      expect(await store.getRoomAndClient(room.room_id, client.client_id)).toEqual({ room, client });
    });

    it('finds the room without a client that is not in it', async () => {
      const { room } = await aRoom(store, await aTask(store));
      expect(await store.getRoomAndClient(room.room_id, newClient().client_id)).toEqual({
        room,
        client: undefined,
      });
    });

    it('gives copies: changing one changes nothing in the store', async () => {
      const { room } = await aRoom(store, await aTask(store));
      const read = await store.getRoomWithClients(room.room_id);
      read!.room.clients = 99;
      read!.clients[0]!.generation = 99;
      expect((await store.getRoomWithClients(room.room_id))!.room.clients).toBe(1);
      expect((await store.getRoomWithClients(room.room_id))!.clients[0]!.generation).toBe(1);
    });
  });

  contractGroup('addClient', make, (store) => {
    it('takes a seat', async () => {
      const { room, client: first } = await aRoom(store, await aTask(store));
      const wanted = newClient();
      const client = {
        ...wanted,
        room_id: room.room_id,
        status: 'RESERVED',
        generation: 1,
        updated_at: NOW + 7,
      };
      expect(await store.addClient(room, wanted, NOW + 7)).toEqual({
        kind: 'admitted',
        room: { ...room, clients: 2 },
        client,
      });
      const { clients } = (await store.getRoomWithClients(room.room_id))!;
      expect(clients).toHaveLength(2);
      expect(clients).toEqual(expect.arrayContaining([first, client]));
    });

    const joins = 100 * crowd;
    it(`is exact: ${joins} at once in a room of 10 with one in it admit 9`, async () => {
      const { room } = await aRoom(store, await aTask(store), { max_clients: 10 });
      const results = await Promise.all(times(joins, () => store.addClient(room, newClient(), NOW)));
      expect(tally(results)).toEqual({ admitted: 9, room_full: joins - 9 });
      expect((await store.getRoomWithClients(room.room_id))!.clients).toHaveLength(10);
    });

    it('says of a full room what it is like', async () => {
      const { room } = await aRoom(store, await aTask(store), { max_clients: 1 });
      expect(await store.addClient(room, newClient(), NOW)).toEqual({ kind: 'room_full', room });
    });

    it('does not find a room that is gone, or has expired: at expires_at it is over', async () => {
      const task = await aTask(store);
      const { room: expired } = await aRoom(store, task, { expires_at: NOW });
      expect(await store.addClient(expired, newClient(), NOW)).toEqual({ kind: 'room_not_found' });
      expect((await store.addClient(expired, newClient(), NOW - 1)).kind).toBe('admitted');
      const { room } = await aRoom(store, task);
      await store.closeRoom(room.room_id, room.epoch);
      expect(await store.addClient(room, newClient(), NOW)).toEqual({ kind: 'room_not_found' });
    });

    it('does not take another room with the same id for it', async () => {
      const task = await aTask(store);
      const { room } = await aRoom(store, task);
      await store.closeRoom(room.room_id, room.epoch);
      await aRoom(store, task, { room_id: room.room_id, created_at: NOW + 1, epoch: NOW + 1 });
      expect(await store.addClient(room, newClient(), NOW)).toEqual({ kind: 'room_not_found' });
    });

    it('says where the room is now if it was placed anew', async () => {
      const { room } = await aRoom(store, await aTask(store));
      await store.rehomeRoom(room, await aTask(store), NOW);
      expect(await store.addClient(room, newClient(), NOW)).toEqual({
        kind: 'moved',
        room: await store.getRoom(room.room_id),
      });
    });

    it('faults on a client id that is taken, and leaves the seats as they are', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      const again = newClient({ client_id: client.client_id });
      await expect(store.addClient(room, again, NOW)).rejects.toThrow('client id is taken');
      expect(await store.getRoom(room.room_id)).toEqual(room);
      expect(await theClient(store, room, client.client_id)).toEqual(client);
    });
  });

  contractGroup('resumeClient', make, (store) => {
    it('gives the client the next generation and a new reservation, and takes no seat', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      const resumed = {
        ...client,
        generation: 2,
        status: 'RESERVED',
        expires_at: NOW + HOUR,
        updated_at: NOW + 5,
      };
      expect(await store.resumeClient(room, client, NOW + HOUR, NOW + 5)).toEqual({
        kind: 'resumed',
        room,
        client: resumed,
      });
      expect(await store.getRoomAndClient(room.room_id, client.client_id)).toEqual({ room, client: resumed });
    });

    it('reserves again for a client that was connected', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      await store.markConnected(keyOf(room, client), NOW);
      const connected = await theClient(store, room, client.client_id);
      await store.resumeClient(room, connected, NOW + HOUR, NOW);
      expect(await theClient(store, room, client.client_id)).toMatchObject({
        status: 'RESERVED',
        expires_at: NOW + HOUR,
        generation: 2,
      });
    });

    it('is won by one of many at once', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      const results = await Promise.all(
        times(10, (n) => store.resumeClient(room, client, NOW + HOUR + n, NOW)),
      );
      expect(tally(results)).toEqual({ resumed: 1, superseded: 9 });
      const present = await theClient(store, room, client.client_id);
      const winner = results.find((result) => result.kind === 'resumed')!;
      expect(winner.client).toEqual(present);
      expect(results.find((result) => result.kind === 'superseded')!.client).toEqual(present);
      expect(await store.getRoom(room.room_id)).toEqual(room);
    });

    it('does not find a client that was removed', async () => {
      const { room } = await aRoom(store, await aTask(store));
      const client = await aClient(store, room);
      await store.removeClient(keyOf(room, client));
      expect(await store.resumeClient(room, client, NOW + HOUR, NOW)).toEqual({ kind: 'client_not_found' });
    });

    it('does not find a room that is gone, has expired, or is another with the same id', async () => {
      const task = await aTask(store);
      const { room, client } = await aRoom(store, task);
      expect(await store.resumeClient(room, client, NOW + HOUR, room.expires_at)).toEqual({
        kind: 'room_not_found',
      });
      await store.closeRoom(room.room_id, room.epoch);
      expect(await store.resumeClient(room, client, NOW + HOUR, NOW)).toEqual({ kind: 'room_not_found' });
      await aRoom(store, task, { room_id: room.room_id, created_at: NOW + 1, epoch: NOW + 1 });
      expect(await store.resumeClient(room, client, NOW + HOUR, NOW)).toEqual({ kind: 'room_not_found' });
    });

    it('says where the room is now if it was placed anew', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      await store.rehomeRoom(room, await aTask(store), NOW);
      expect(await store.resumeClient(room, client, NOW + HOUR, NOW)).toEqual({
        kind: 'moved',
        room: await store.getRoom(room.room_id),
      });
    });
  });

  contractGroup('markConnected', make, (store) => {
    it('marks the client, which then expires with its room', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      expect(await store.markConnected(keyOf(room, client), NOW + 3)).toBe(true);
      const connected = { ...client, status: 'CONNECTED', expires_at: room.expires_at, updated_at: NOW + 3 };
      expect(await theClient(store, room, client.client_id)).toEqual(connected);
      await store.extendRoom(room.room_id, room.epoch, room.expires_at + HOUR);
      expect((await store.getRoomWithClients(room.room_id))!.clients).toEqual([
        { ...connected, expires_at: room.expires_at + HOUR },
      ]);
    });

    it('may be said twice', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      expect(await store.markConnected(keyOf(room, client), NOW)).toBe(true);
      expect(await store.markConnected(keyOf(room, client), NOW)).toBe(true);
    });

    it('ignores an older or a later generation or epoch, and a client that is gone', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      const key = keyOf(room, client);
      for (const wrong of keysUnlike(key)) {
        expect(await store.markConnected(wrong, NOW)).toBe(false);
      }
      expect(await store.getRoomWithClients(room.room_id)).toEqual({ room, clients: [client] });
    });
  });
}
