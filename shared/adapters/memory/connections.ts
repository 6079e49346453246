import type { RoomStore } from '../../ports/room-store.ts';
import type { MemoryState } from './state.ts';

type ConnectionMethods = Pick<
  RoomStore,
  'putConnection' | 'getConnection' | 'removeConnection' | 'listConnections'
>;

export function connectionMethods({ connections, connectionIds }: MemoryState): ConnectionMethods {
  return {
    async putConnection(connection) {
      const { connection_id, room_id, client_id } = connection;
      connections.set(connection_id, { ...connection });
      const ofRoom = connectionIds.get(room_id) ?? new Map<string, string>();
      connectionIds.set(room_id, ofRoom.set(client_id, connection_id));
    },

    async getConnection(connection_id) {
      const connection = connections.get(connection_id);
      return connection === undefined ? undefined : { ...connection };
    },

    async removeConnection(connection_id) {
      const connection = connections.get(connection_id);
      if (connection === undefined) return;
      connections.delete(connection_id);
      const ofRoom = connectionIds.get(connection.room_id);
      if (ofRoom?.get(connection.client_id) === connection_id) ofRoom.delete(connection.client_id);
      if (ofRoom?.size === 0) connectionIds.delete(connection.room_id);
    },

    async listConnections(room_id) {
      return [...(connectionIds.get(room_id)?.values() ?? [])].map((id) => ({ ...connections.get(id)! }));
    },
  };
}
