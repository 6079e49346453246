import { CLIENT_ID, ROOM_ID, TICKET } from '../../shared/protocol/subprotocol.ts';
import type { Grant, JoinRoomRequest } from './api-types.ts';
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
  CreateRoomOptions,
  CreateUnencryptedRoomOptions,
  JoinRoomOptions,
  JoinUnencryptedRoomOptions,
  ReconnectPolicy,
  Room,
  SealedRoom,
} from './types.ts';

/** What an entry point gives the SDK; tests shorten the timings. */
export interface Internals {
  platform: Platform;
  timings?: Partial<Timings>;
}

/** What an entry needs besides the request that it makes. */
interface Entry {
  platform: Platform;
  timings: Timings;
  api: RouterApi;
  policy: ReconnectPolicy;
  signal: AbortSignal | undefined;
}

function entryOf({ platform, timings: changed }: Internals, options: ConnectOptions): Entry {
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

/** Opens the seat that `request` is granted and waits for its first welcome, the signal, or the end of it. */
async function enter(
  { platform, timings, api, policy, signal }: Entry,
  request: FirstRequest<Grant>,
): Promise<Room> {
  const grant = await askPatiently(request, { policy, within_ms: timings.first_grant_ms, signal });
  throwIfAborted(signal);
  const room = new ConnectedRoom(grant, { platform, api, policy, timings });
  const abort = (): void => void room.leave();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await room.ready;
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  return room;
}

function checkText(name: string, value: string, grammar: RegExp, form: string): void {
  if (typeof value !== 'string' || !grammar.test(value)) {
    throw new AnteroomError('invalid_argument', `${name} must be ${form}`);
  }
}

function joinRequest({ room_id, resume }: JoinUnencryptedRoomOptions): JoinRoomRequest {
  checkText('room_id', room_id, ROOM_ID, 'a string of 4 to 12 digits, such as "00157"');
  if (resume === undefined) return { room_id };
  const { client_id, ticket } = resume;
  checkText('resume.client_id', client_id, CLIENT_ID, "the client_id of an earlier room's seat");
  checkText('resume.ticket', ticket, TICKET, "the ticket of an earlier room's seat");
  return { room_id, client_id, ticket };
}

export async function createUnencryptedRoomOn(
  internals: Internals,
  options: CreateUnencryptedRoomOptions,
): Promise<Room> {
  const { max_clients, kind } = options;
  const entry = entryOf(internals, options);
  const request = {
    ...(max_clients === undefined ? {} : { max_clients }),
    ...(kind === undefined ? {} : { kind }),
  };
  return enter(entry, {
    ask: (key) => entry.api.createRoom(request, entry.signal, key),
    drawKey: keySource(internals.platform),
    lost: ['room_not_found', 'client_not_found'],
  });
}

export async function joinUnencryptedRoomOn(
  internals: Internals,
  options: JoinUnencryptedRoomOptions,
): Promise<Room> {
  const entry = entryOf(internals, options);
  const request = joinRequest(options);
  return enter(entry, {
    ask: (key) => entry.api.joinRoom(request, entry.signal, key),
    // A resume takes up one and the same seat however often it is asked for.
    ...(options.resume === undefined && {
      drawKey: keySource(internals.platform),
      lost: ['client_not_found'],
    }),
  });
}

const NO_SEALED_ROOMS =
  'Sealed rooms are not built in yet: createUnencryptedRoom and joinUnencryptedRoom are';

export async function createRoomOn(_internals: Internals, _options: CreateRoomOptions): Promise<SealedRoom> {
  throw new AnteroomError('not_secure', NO_SEALED_ROOMS);
}

export async function joinRoomOn(
  _internals: Internals,
  _link: string,
  _options: JoinRoomOptions,
): Promise<SealedRoom> {
  throw new AnteroomError('not_secure', NO_SEALED_ROOMS);
}
