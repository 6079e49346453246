/** How rooms are entered: a grant of the router, then the connection that it is for. */
import { CLIENT_ID, ROOM_ID, TICKET } from '../../shared/protocol/subprotocol.ts';
import type { CreateRoomRequest, Grant, JoinRoomRequest } from './api-types.ts';
import { AnteroomError } from './errors.ts';
import { askPatiently, keySource } from './first-grant.ts';
import type { FirstRequest } from './first-grant.ts';
import type { Platform } from './platform.ts';
import { fullJitter, guarded } from './reconnect.ts';
import { ConnectedRoom } from './room.ts';
import { routerApi, throwIfAborted } from './router-api.ts';
import type { RouterApi } from './router-api.ts';
import { DEFAULT_TIMINGS } from './timings.ts';
import type { Timings } from './timings.ts';
import type {
  ConnectOptions,
  CreateUnencryptedRoomOptions,
  JoinRoomOptions,
  JoinUnencryptedRoomOptions,
  ReconnectPolicy,
  Room,
} from './types.ts';

/** What an entry point gives the SDK; tests shorten the timings. */
export interface Internals {
  platform: Platform;
  timings?: Partial<Timings>;
}

/** What an entry needs besides the request that it makes. */
export interface Entry {
  platform: Platform;
  timings: Timings;
  api: RouterApi;
  policy: ReconnectPolicy;
  signal: AbortSignal | undefined;
}

/** Throws `AnteroomError` (`invalid_argument`) for options that can never do. */
export function entryOf({ platform, timings: changed }: Internals, options: ConnectOptions): Entry {
  const { router, fetch, reconnect = fullJitter(), signal } = options;
  const timings = { ...DEFAULT_TIMINGS, ...changed };
  const api = routerApi({
    router,
    fetch,
    page_is_secure: platform.isSecurePage(),
    timeout_ms: timings.request_timeout_ms,
  });
  return { platform, timings, api, policy: guarded(reconnect), signal };
}

/** Waits until `room` is live, or the end of it, which the signal brings about. */
async function live<R extends ConnectedRoom>(room: R, signal: AbortSignal | undefined): Promise<R> {
  const abort = (): void => void room.leave();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await room.ready;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  return room;
}

/**
 * Opens the seat that `request` is granted, and waits until the room is live, the signal, or the end of it. A new seat that
 * is gone before the room was live (its time ran out while a page stood still, or a task was lost) is asked for once more:
 * nobody has been told of it.
 */
export async function enter<R extends ConnectedRoom>(
  { timings, policy, signal }: Entry,
  request: FirstRequest<Grant>,
  open: (grant: Grant) => R,
): Promise<R> {
  for (let renewable = request.drawKey !== undefined; ; renewable = false) {
    const grant = await askPatiently(request, { policy, within_ms: timings.first_grant_ms, signal });
    throwIfAborted(signal);
    const room = open(grant);
    try {
      return await live(room, signal);
    } catch (error) {
      throwIfAborted(signal);
      const { state } = room;
      if (!renewable || state.status !== 'closed' || state.reason.kind !== 'gone') throw error;
    }
  }
}

function checkText(name: string, value: string, grammar: RegExp, form: string): void {
  if (typeof value !== 'string' || !grammar.test(value)) {
    throw new AnteroomError('invalid_argument', `${name} must be ${form}`);
  }
}

/** The request for a new room. */
export function creation(
  { api, platform, signal }: Entry,
  { max_clients, kind }: Pick<CreateUnencryptedRoomOptions, 'max_clients' | 'kind'>,
): FirstRequest<Grant> {
  const request: CreateRoomRequest = {
    ...(max_clients === undefined ? {} : { max_clients }),
    ...(kind === undefined ? {} : { kind }),
  };
  return {
    ask: (key) => api.createRoom(request, signal, key),
    drawKey: keySource(platform),
    lost: ['room_not_found', 'client_not_found'],
  };
}

/** The request for a seat in a room. Throws `invalid_argument` for what names none. */
export function joining(
  { api, platform, signal }: Entry,
  room_id: string,
  resume: JoinRoomOptions['resume'],
): FirstRequest<Grant> {
  checkText('room_id', room_id, ROOM_ID, 'a string of 4 to 12 digits, such as "00157"');
  if (resume === undefined) {
    return {
      ask: (key) => api.joinRoom({ room_id }, signal, key),
      drawKey: keySource(platform),
      lost: ['client_not_found'],
    };
  }
  const { client_id, ticket } = resume;
  checkText('resume.client_id', client_id, CLIENT_ID, "the client_id of an earlier room's seat");
  checkText('resume.ticket', ticket, TICKET, "the ticket of an earlier room's seat");
  const request: JoinRoomRequest = { room_id, client_id, ticket };
  // A resume takes up one and the same seat however often it is asked for.
  return { ask: () => api.joinRoom(request, signal) };
}

const openUnencrypted = (entry: Entry) => (grant: Grant) =>
  new ConnectedRoom(grant, { ...entry, sealing: undefined });

export async function createUnencryptedRoomOn(
  internals: Internals,
  options: CreateUnencryptedRoomOptions,
): Promise<Room> {
  const entry = entryOf(internals, options);
  return enter(entry, creation(entry, options), openUnencrypted(entry));
}

export async function joinUnencryptedRoomOn(
  internals: Internals,
  options: JoinUnencryptedRoomOptions,
): Promise<Room> {
  const entry = entryOf(internals, options);
  return enter(entry, joining(entry, options.room_id, options.resume), openUnencrypted(entry));
}
