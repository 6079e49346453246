import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ControlConnection } from '../../../shared/ports/room-store.ts';
import { aRoom, aTask, contractGroup, HOUR, newRoomId, NOW, times, type MakeStore } from './fixtures.ts';

function newConnection(overrides: Partial<ControlConnection> = {}): ControlConnection {
  return {
    connection_id: `${randomUUID()}=`,
    room_id: newRoomId(),
    client_id: randomUUID(),
    room_created_at: NOW,
    connected_at: NOW + 1,
    expires_at: NOW + HOUR,
    ...overrides,
  };
}

export function connectionContract(make: MakeStore): void {
  contractGroup('connections of the control channel', make, (store) => {
    it('are found by their id and by their room, until they are removed', async () => {
      const one = newConnection();
      const other = newConnection({ room_id: one.room_id });
      const elsewhere = newConnection();
      for (const connection of [one, other, elsewhere]) await store.putConnection(connection);
      expect(await store.getConnection(one.connection_id)).toEqual(one);
      expect(await store.listConnections(one.room_id)).toHaveLength(2);
      expect(await store.listConnections(one.room_id)).toEqual(expect.arrayContaining([one, other]));

      await store.removeConnection(one.connection_id);
      await store.removeConnection(one.connection_id);
      expect(await store.getConnection(one.connection_id)).toBeUndefined();
      expect(await store.listConnections(one.room_id)).toEqual([other]);
      expect(await store.listConnections(elsewhere.room_id)).toEqual([elsewhere]);
    });

    it('are one for each client: the one that it opened last', async () => {
      const first = newConnection();
      const second = newConnection({ ...first, connection_id: `${randomUUID()}=`, connected_at: NOW + 2 });
      await store.putConnection(first);
      await store.putConnection(second);
      expect(await store.listConnections(first.room_id)).toEqual([second]);
      // The end of the first, which is told late, leaves the second.
      expect(await store.getConnection(first.connection_id)).toEqual(first);
      await store.removeConnection(first.connection_id);
      expect(await store.listConnections(first.room_id)).toEqual([second]);
      await store.removeConnection(second.connection_id);
      expect(await store.listConnections(first.room_id)).toEqual([]);
    });

    it('are no clients of the room, and outlive it', async () => {
      const { room, client } = await aRoom(store, await aTask(store));
      const connection = newConnection({ room_id: room.room_id, client_id: client.client_id });
      await store.putConnection(connection);
      expect((await store.getRoomWithClients(room.room_id))?.clients).toEqual([client]);
      await store.closeRoom(room.room_id, room.epoch);
      expect(await store.listConnections(room.room_id)).toEqual([connection]);
    });

    it('come and go at once without leaving anything', async () => {
      const room_id = newRoomId();
      const connections = times(12, () => newConnection({ room_id }));
      await Promise.all(connections.map((connection) => store.putConnection(connection)));
      expect(await store.listConnections(room_id)).toHaveLength(12);
      await Promise.all(
        connections.flatMap(({ connection_id }) => [
          store.removeConnection(connection_id),
          store.removeConnection(connection_id),
        ]),
      );
      expect(await store.listConnections(room_id)).toEqual([]);
    });
  });
}
