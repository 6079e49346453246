/** Connections of the control channel. Nothing counts them, and they expire by themselves. */
import type { ControlConnection, RoomStore } from '../../ports/room-store.ts';
import type { Context } from './context.ts';
import { timeToLive } from './items.ts';
import { connectionsOf } from './keys.ts';
import { expressionParts, remove, type Part, type Place } from './parts.ts';
import type { Item } from './trouble.ts';

type ConnectionMethods = Pick<
  RoomStore,
  'putConnection' | 'getConnection' | 'removeConnection' | 'listConnections'
>;

/** The keys of these items are no room and no client, so those have names of their own. */
function connectionOf(item: Item): ControlConnection {
  const { connection_id, of_room, of_client, room_created_at, connected_at, expires_at } = item;
  return {
    connection_id,
    room_id: of_room,
    client_id: of_client,
    room_created_at,
    connected_at,
    expires_at,
  } as ControlConnection;
}

export function connectionMethods({ calls, at, names }: Context): ConnectionMethods {
  const put = ({ table, key }: Place, connection: ControlConnection): Part => {
    const { room_id, client_id, ...others } = connection;
    const ttl = timeToLive(connection.expires_at, 0);
    return {
      Put: { TableName: table, Item: { ...others, of_room: room_id, of_client: client_id, ttl, ...key } },
    };
  };

  const getConnection: RoomStore['getConnection'] = async (connection_id) => {
    const item = await calls.get(at.connection(connection_id));
    return item === undefined ? undefined : connectionOf(item);
  };

  return {
    getConnection,

    async putConnection(connection) {
      const { connection_id, room_id, client_id } = connection;
      await calls.transact({
        byId: put(at.connection(connection_id), connection),
        ofClient: put(at.connectionOf(room_id, client_id), connection),
      });
    },

    async removeConnection(connection_id) {
      const connection = await getConnection(connection_id);
      if (connection === undefined) return;
      const { room_id, client_id } = connection;
      // In this order a removal that breaks off can be done again.
      await calls.remove(
        remove(at.connectionOf(room_id, client_id), '#connection_id = :connection_id', { connection_id }),
      );
      await calls.remove(remove(at.connection(connection_id)));
    },

    async listConnections(room_id) {
      const items = await calls.all({
        TableName: names.rooms,
        KeyConditionExpression: '#room_id = :room_id',
        ...expressionParts('#room_id', { room_id: connectionsOf(room_id) }),
        ConsistentRead: true,
      });
      return items.map(connectionOf);
    },
  };
}
