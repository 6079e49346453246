/** The SDK for browsers, and for whatever else has a global `WebSocket`. */
import { createRoomOn, joinRoomOn } from './connect-sealed.ts';
import { createUnencryptedRoomOn, joinUnencryptedRoomOn } from './connect.ts';
import { browserPlatform as platform } from './browser.ts';
import type {
  CreateRoomOptions,
  CreateUnencryptedRoomOptions,
  JoinRoomOptions,
  JoinUnencryptedRoomOptions,
  Room,
  SealedRoom,
} from './types.ts';

export * from './public.ts';

/**
 * Asks the router for a new sealed room and enters it: a secret is drawn for it, and `room.link` lets others in. Resolves when
 * the room is live; add listeners right then, before anything else is awaited. Where a task has to be started for the room, that
 * is waited for: `onProgress` tells. Rejects with `AnteroomError`: the router's codes (`rooms_exhausted`, `no_task_available`, …),
 * `network`, `protocol`, `aborted`, `invalid_argument`, `not_secure` where there is no WebCrypto, or `closed` if the relay
 * refused the client.
 */
export function createRoom(options: CreateRoomOptions): Promise<SealedRoom> {
  return createRoomOn({ platform }, options);
}

/**
 * Enters a sealed room by its link: with a new seat, or with `resume` in that of an earlier `room.seat`. Resolves when keys are
 * agreed on with the members who are there, or five seconds did not do for that. Otherwise like {@link createRoom}; codes of
 * its own are `room_not_found`, `room_full` and `client_not_found` (a seat that is gone).
 */
export function joinRoom(link: string, options: JoinRoomOptions): Promise<SealedRoom> {
  return joinRoomOn({ platform }, link, options);
}

/** Like {@link createRoom}, but for a room that is not encrypted: the relay can read, change and forge all that is said in it. */
export function createUnencryptedRoom(options: CreateUnencryptedRoomOptions): Promise<Room> {
  return createUnencryptedRoomOn({ platform }, options);
}

/** Enters a room that is not encrypted, by its id. Otherwise like {@link joinRoom}. */
export function joinUnencryptedRoom(options: JoinUnencryptedRoomOptions): Promise<Room> {
  return joinUnencryptedRoomOn({ platform }, options);
}
