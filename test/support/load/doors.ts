/** The SDK's ways into a room, sealed or not, on sockets that a page can lose. */
import { createRoomOn, joinRoomOn } from '../../../client/src/connect-sealed.ts';
import { createUnencryptedRoomOn, joinUnencryptedRoomOn } from '../../../client/src/connect.ts';
import { nodePlatformOn, openNodeSocket } from '../../../client/src/node/platform.ts';
import { fullJitter } from '../../../client/src/reconnect.ts';
import type { EntryProgress, Room } from '../../../client/src/types.ts';
import { CONTROL_PROTOCOL } from '../../../shared/protocol/control-channel.ts';
import type { MemberWorld, Page } from './world.ts';

export interface Entered {
  room: Room;
  /** What lets others in: a link, or the id of a room that is not sealed. */
  key: string;
}

/** Calls reject as those of the SDK do. */
export interface Door {
  create(max_clients: number, signal?: AbortSignal): Promise<Entered>;
  join(key: string, resume?: { client_id: string; ticket: string }): Promise<Entered>;
}

export interface DoorEvents {
  /** A socket is opened to a task. */
  opens: (url: string) => void;
  /** There is no place yet. */
  waits: () => void;
}

export function doors(
  { router, fetch }: Pick<MemberWorld, 'router' | 'fetch'>,
  sealed: boolean,
  page: Page,
  { opens, waits }: DoorEvents,
): Door {
  const platform = nodePlatformOn((url, protocols, events) => {
    // It may have been granted what it asked for last.
    if (page.gone) throw new Error('the page is gone');
    if (protocols[0] !== CONTROL_PROTOCOL) opens(url);
    const socket = openNodeSocket(url, protocols, {
      ...events,
      close(code, reason) {
        page.sockets.delete(socket);
        events.close(code, reason);
      },
    });
    page.sockets.add(socket);
    return socket;
  });
  const jitter = fullJitter();
  let waited = false;
  const options = {
    router,
    fetch,
    reconnect: (attempt: number, elapsed: number) => (page.gone ? null : jitter(attempt, elapsed)),
    onProgress({ status }: EntryProgress) {
      if (status === 'pending' && !waited) waits();
      waited ||= status === 'pending';
    },
  };
  if (!sealed) {
    const enter = async (call: Promise<Room>): Promise<Entered> => {
      const room = await call;
      return { room, key: room.room_id };
    };
    return {
      create: (max_clients, signal) =>
        enter(createUnencryptedRoomOn({ platform }, { ...options, max_clients, ...(signal && { signal }) })),
      join: (room_id, resume) =>
        enter(joinUnencryptedRoomOn({ platform }, { ...options, room_id, ...(resume && { resume }) })),
    };
  }
  return {
    async create(max_clients, signal) {
      const room = await createRoomOn({ platform }, { ...options, max_clients, ...(signal && { signal }) });
      return { room, key: room.link };
    },
    async join(link, resume) {
      const room = await joinRoomOn({ platform }, link, { ...options, ...(resume && { resume }) });
      return { room, key: link };
    },
  };
}
