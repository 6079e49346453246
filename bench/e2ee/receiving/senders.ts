/** Members in Node, on real sockets to a real stream task. */
import {
  createRoom,
  createUnencryptedRoom,
  joinRoom,
  joinUnencryptedRoom,
} from '../../../client/src/node/index.ts';
import type { Room, SealedRoom } from '../../../client/src/node/index.ts';

/** `count` members of one room, which has a seat more; the first made it. They come one after the other. */
export async function enterAll(router: string, count: number, is_sealed: boolean): Promise<Room[]> {
  const max_clients = count + 1;
  const first = is_sealed
    ? await createRoom({ router, max_clients })
    : await createUnencryptedRoom({ router, max_clients });
  const rooms: Room[] = [first];
  while (rooms.length < count) {
    rooms.push(
      is_sealed
        ? await joinRoom((first as SealedRoom).link, { router })
        : await joinUnencryptedRoom({ router, room_id: first.room_id }),
    );
  }
  return rooms;
}
