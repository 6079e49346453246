import type { RoomStore } from '../../ports/room-store.ts';
import type { Context } from './context.ts';
import { clientOf, roomOf } from './items.ts';
import { ROOM } from './keys.ts';
import { expressionParts } from './parts.ts';

type ReadMethods = Pick<RoomStore, 'getRoom' | 'getRoomWithClients' | 'getRoomAndClient'>;

export function readMethods({ calls, at, names }: Context): ReadMethods {
  return {
    async getRoom(room_id) {
      const item = await calls.get(at.room(room_id));
      return item === undefined ? undefined : roomOf(item);
    },

    async getRoomWithClients(room_id) {
      // The room's own item sorts before those of its clients.
      const [first, ...rest] = await calls.all({
        TableName: names.rooms,
        KeyConditionExpression: '#room_id = :room_id',
        ...expressionParts('#room_id', { room_id }),
        ConsistentRead: true,
      });
      if (first?.['client_id'] !== ROOM) return undefined;
      const room = roomOf(first);
      return { room, clients: rest.flatMap((item) => clientOf(item, room) ?? []) };
    },

    async getRoomAndClient(room_id, client_id) {
      const [roomItem, item] = await calls.snapshot([at.room(room_id), at.client(room_id, client_id)]);
      if (roomItem === undefined) return { room: undefined, client: undefined };
      const room = roomOf(roomItem);
      return { room, client: item === undefined ? undefined : clientOf(item, room) };
    },
  };
}
