/** The SDK for Node, on `ws`. The same functions and types as for browsers. */
import { createRoomOn, joinRoomOn } from '../connect.ts';
import { nodePlatform as platform } from './platform.ts';
import type { CreateRoomOptions, JoinRoomOptions, Room } from '../types.ts';

export * from '../public.ts';

/**
 * Asks the router for a new room and enters it. Resolves when the room is live; add listeners right then, before
 * anything else is awaited. Rejects with `AnteroomError`: the router's codes (`rooms_exhausted`, `no_task_available`, …),
 * `network`, `protocol`, `aborted`, `invalid_argument`, or `closed` if the relay refused the client.
 */
export function createRoom(options: CreateRoomOptions): Promise<Room> {
  return createRoomOn({ platform }, options);
}

/**
 * Enters a room: with a new seat, or with `resume` in that of an earlier `room.seat`. Otherwise like
 * {@link createRoom}; codes of its own are `room_not_found`, `room_full` and `client_not_found` (a seat that is gone).
 */
export function joinRoom(options: JoinRoomOptions): Promise<Room> {
  return joinRoomOn({ platform }, options);
}
