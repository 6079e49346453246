/** How rooms are entered: a grant of the router, then the connection that it is for. */
import { CLIENT_ID, credentialsToken, ROOM_ID, TICKET } from '../../shared/protocol/subprotocol.ts';
import type { CreateRoomRequest, JoinRoomRequest } from './api-types.ts';
import { reportException } from './emitter.ts';
import { AnteroomError } from './errors.ts';
import { askPatiently, keySource } from './first-grant.ts';
import type { FirstRequest } from './first-grant.ts';
import type { AnyGrant, OpenGrant } from './grant.ts';
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
  EntryProgress,
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
  /** Tells the application how far the call is. Does not throw. */
  tell: (progress: EntryProgress) => void;
}

/** What is entered: a room of the grant. `linkOf`: the link of a sealed room. */
export interface Door<R> {
  open(grant: OpenGrant): R;
  linkOf?(room_id: string): string;
}

/** Tells `listener`; what it throws is reported. */
export const teller =
  (listener: ConnectOptions['onProgress']): Entry['tell'] =>
  (progress) => {
    try {
      listener?.(progress);
    } catch (exception) {
      reportException(exception);
    }
  };

/** Throws `AnteroomError` (`invalid_argument`) for options that can never do. */
export function entryOf({ platform, timings: changed }: Internals, options: ConnectOptions): Entry {
  const { router, fetch, reconnect = fullJitter(), signal, onProgress } = options;
  const timings = { ...DEFAULT_TIMINGS, ...changed };
  const api = routerApi({
    router,
    fetch,
    page_is_secure: platform.isSecurePage(),
    timeout_ms: timings.request_timeout_ms,
  });
  return { platform, timings, api, policy: guarded(reconnect), signal, tell: teller(onProgress) };
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

/** Most calls need not wait, so what waits is loaded only here. */
async function loadPending(): Promise<typeof import('./pending.ts')> {
  try {
    return await import('./pending.ts');
  } catch (cause) {
    throw new AnteroomError('network', 'A part of the SDK could not be loaded', { retryable: true, cause });
  }
}

/** Where the room of `grant` is served: at once, or when a task has started. */
async function placeOf(entry: Entry, grant: AnyGrant, door: Door<unknown>): Promise<OpenGrant> {
  if (grant.state === 'open') return grant;
  const { awaitPlace } = await loadPending();
  throwIfAborted(entry.signal);
  const { room_id, client_id, ticket } = grant;
  const link = door.linkOf?.(room_id);
  const seat = { room_id, client_id, ticket };
  const pending = { status: 'pending', since: Date.now(), seat, ...(link && { link }) } as const;
  const waiting = awaitPlace(grant, credentialsToken(grant), entry, (expires_at) =>
    entry.tell({ ...pending, expires_at }),
  );
  const outcome = await waiting;
  throwIfAborted(entry.signal);
  if (outcome.kind === 'placed') return outcome.grant;
  if (outcome.kind === 'refused') throw outcome.error;
  const cause = outcome.kind === 'given_up' ? outcome.cause : undefined;
  throw new AnteroomError('no_task_available', 'No stream task has started for the room in time', {
    retryable: true,
    cause,
  });
}

/**
 * Opens the seat that `request` is granted, and waits until the room is live, the signal, or the end of it. A new seat that
 * is gone before the room was live (its time ran out while a page stood still, or a task was lost) is asked for once more,
 * if nobody has been told of it: who had to wait for a task has.
 */
export async function enter<R extends ConnectedRoom>(
  entry: Entry,
  request: FirstRequest<AnyGrant>,
  door: Door<R>,
): Promise<R> {
  const { timings, policy, signal } = entry;
  for (let renewable = request.drawKey !== undefined; ; renewable = false) {
    const granted = await askPatiently(request, { policy, within_ms: timings.first_grant_ms, signal });
    throwIfAborted(signal);
    if (granted.state === 'pending') renewable = false;
    const grant = await placeOf(entry, granted, door);
    entry.tell({ status: 'connecting' });
    throwIfAborted(signal);
    const room = door.open(grant);
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

export type CreationOptions = Pick<CreateUnencryptedRoomOptions, 'max_clients' | 'kind' | 'wait'>;

/** The request for a new room. */
export function creation(
  { api, platform, signal }: Entry,
  { max_clients, kind, wait }: CreationOptions,
): FirstRequest<AnyGrant> {
  const request: CreateRoomRequest = {
    ...(max_clients === undefined ? {} : { max_clients }),
    ...(kind === undefined ? {} : { kind }),
    ...(wait === undefined ? {} : { wait }),
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
): FirstRequest<AnyGrant> {
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

const openUnencrypted = (entry: Entry): Door<ConnectedRoom> => ({
  open: (grant) => new ConnectedRoom(grant, { ...entry, sealing: undefined }),
});

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
