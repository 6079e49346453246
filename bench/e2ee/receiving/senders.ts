/** Members in Node that send poses, on real sockets to a real stream task. */
import {
  createRoom,
  createUnencryptedRoom,
  FRAME_CLASS,
  joinRoom,
  joinUnencryptedRoom,
} from '../../../client/src/node/index.ts';
import type { Room, SealedRoom } from '../../../client/src/node/index.ts';
import { poseOf, POSES_PER_SECOND } from './pose.ts';

/** `count` members of one room, which has a seat more; the first made it. They come one after the other, so that each is sealed with all. */
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

/** Sends poses from all of them to one client, evenly, until it is stopped; tells how many were sent. */
export function sendPoses(rooms: readonly Room[], to: string): { stop(): number } {
  const started = performance.now();
  // Each sender at a moment of its own.
  const sent = rooms.map(() => 0);
  let total = 0;
  const timer = setInterval(() => {
    const passed = ((performance.now() - started) * POSES_PER_SECOND) / 1_000;
    rooms.forEach((room, i) => {
      const due = Math.floor(passed + i / rooms.length);
      // Whoever was held up leaves out what is late, as a page would.
      if (sent[i]! >= due) return;
      sent[i] = due;
      if (room.send(FRAME_CLASS.POSE, poseOf(due), { to, droppable: true })) total++;
    });
  }, 2);
  return {
    stop() {
      clearInterval(timer);
      return total;
    },
  };
}
