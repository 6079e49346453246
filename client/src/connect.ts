import { CLIENT_ID, ROOM_ID, TICKET } from '../../shared/protocol/subprotocol.ts';
import type { Grant, JoinRoomRequest } from './api-types.ts';
import { AnteroomError } from './errors.ts';
import type { Platform } from './platform.ts';
import { fullJitter } from './reconnect.ts';
import { ConnectedRoom } from './room.ts';
import { routerApi, throwIfAborted } from './router-api.ts';
import type { RouterApi } from './router-api.ts';
import { DEFAULT_TIMINGS } from './timings.ts';
import type { Timings } from './timings.ts';
import type { ConnectOptions, CreateRoomOptions, JoinRoomOptions, Room } from './types.ts';

/** What an entry point gives the SDK; tests shorten the timings. */
export interface Internals {
  platform: Platform;
  timings?: Partial<Timings>;
}

const timingsOf = ({ timings }: Internals): Timings => ({ ...DEFAULT_TIMINGS, ...timings });

function apiOf(internals: Internals, { router, fetch }: ConnectOptions): RouterApi {
  return routerApi({
    router,
    fetch,
    page_is_secure: internals.platform.isSecurePage(),
    timeout_ms: timingsOf(internals).request_timeout_ms,
  });
}

/** Opens the seat of `grant` and waits for its first welcome, the signal, or the end of it. */
async function enter(
  internals: Internals,
  options: ConnectOptions,
  api: RouterApi,
  grant: Grant,
): Promise<Room> {
  const { signal, reconnect = fullJitter() } = options;
  throwIfAborted(signal);
  const room = new ConnectedRoom(grant, {
    platform: internals.platform,
    api,
    policy: reconnect,
    timings: timingsOf(internals),
  });
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

function joinRequest({ room_id, resume }: JoinRoomOptions): JoinRoomRequest {
  checkText('room_id', room_id, ROOM_ID, 'a string of 4 to 12 digits, such as "00157"');
  if (resume === undefined) return { room_id };
  const { client_id, ticket } = resume;
  checkText('resume.client_id', client_id, CLIENT_ID, "the client_id of an earlier room's seat");
  checkText('resume.ticket', ticket, TICKET, "the ticket of an earlier room's seat");
  return { room_id, client_id, ticket };
}

export async function createRoomOn(internals: Internals, options: CreateRoomOptions): Promise<Room> {
  const { max_clients, kind, signal } = options;
  const api = apiOf(internals, options);
  const grant = await api.createRoom(
    { ...(max_clients === undefined ? {} : { max_clients }), ...(kind === undefined ? {} : { kind }) },
    signal,
  );
  return enter(internals, options, api, grant);
}

export async function joinRoomOn(internals: Internals, options: JoinRoomOptions): Promise<Room> {
  const api = apiOf(internals, options);
  const grant = await api.joinRoom(joinRequest(options), options.signal);
  return enter(internals, options, api, grant);
}
