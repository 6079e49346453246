/** The router's HTTP API, as far as clients use it. */
import { IDEMPOTENCY_KEY_HEADER } from '../../shared/protocol/idempotency-key.ts';
import type { Credentials } from '../../shared/protocol/subprotocol.ts';
import type { CreateRoomRequest, JoinRoomRequest } from './api-types.ts';
import { AnteroomError } from './errors.ts';
import { checkGrant, placedAt } from './grant.ts';
import type { AnyGrant, OpenGrant, PendingGrant, Place } from './grant.ts';
import { errorOfAnswer, jsonObject } from './problems.ts';
import type { HttpAnswer } from './problems.ts';

/** `key`: the idempotency key, a secret: a repetition of the request with it gives the same seat. */
export interface RouterApi {
  createRoom(request: CreateRoomRequest, signal?: AbortSignal, key?: string): Promise<AnyGrant>;
  joinRoom(request: JoinRoomRequest, signal?: AbortSignal, key?: string): Promise<AnyGrant>;
  /** Asks where `seat` is served by now. */
  resume(seat: Credentials, signal: AbortSignal): Promise<AnyGrant>;
  /** The grant of a room that has got `place`, by the control channel. Throws `protocol` for a place that is none. */
  place(grant: PendingGrant, place: Place): OpenGrant;
}

export interface RouterApiOptions {
  /** Base URL, with or without a path and a slash at its end. */
  router: string;
  fetch: typeof globalThis.fetch | undefined;
  /** See `Platform.isSecurePage`. */
  page_is_secure: boolean;
  timeout_ms: number;
}

/** Throws `aborted` if the caller has ended it. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new AnteroomError('aborted', 'The call was aborted', { cause: signal.reason });
  }
}

function parseBase(router: string): URL {
  const base = typeof router === 'string' && URL.canParse(router) ? new URL(router) : undefined;
  if (base === undefined || (base.protocol !== 'https:' && base.protocol !== 'http:')) {
    throw new AnteroomError(
      'invalid_argument',
      `router must be an http(s) URL such as https://room.example, not ${JSON.stringify(router)}`,
    );
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

/**
 * The API at `router`. Its calls reject with `AnteroomError`: the router's own codes, `network` (retryable) where no
 * answer came in time, `protocol` for an answer that is none of its API, `aborted`. Throws `invalid_argument` for a
 * `router` that is no http(s) URL.
 */
export function routerApi({ router, fetch, page_is_secure, timeout_ms }: RouterApiOptions): RouterApi {
  const base = parseBase(router);
  const context = { router_is_secure: base.protocol === 'https:', page_is_secure };

  /** One exchange, its body included, within the time limit. */
  async function exchange(
    route: string,
    request: object,
    signal: AbortSignal | undefined,
    key: string | undefined,
  ): Promise<HttpAnswer> {
    throwIfAborted(signal);
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    const timer = setTimeout(abort, timeout_ms);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const response = await (fetch ?? globalThis.fetch)(new URL(route, base).href, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { [IDEMPOTENCY_KEY_HEADER]: key }),
        },
        body: JSON.stringify(request),
        credentials: 'omit',
        cache: 'no-store',
        // 307 and 308 would carry the ticket to wherever they point.
        redirect: 'error',
        signal: controller.signal,
      });
      return { status: response.status, headers: response.headers, body: await response.text() };
    } catch (cause) {
      throwIfAborted(signal);
      const why = controller.signal.aborted ? `did not answer within ${timeout_ms} ms` : 'cannot be reached';
      throw new AnteroomError('network', `The router at ${base.origin} ${why}`, { retryable: true, cause });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  async function askForGrant(...call: Parameters<typeof exchange>): Promise<AnyGrant> {
    const answer = await exchange(...call);
    if (answer.status < 200 || answer.status > 299) throw errorOfAnswer(answer, Date.now());
    return checkGrant(jsonObject(answer.body), context);
  }

  return {
    createRoom: (request, signal, key) => askForGrant('create-room', request, signal, key),
    joinRoom: (request, signal, key) => askForGrant('join-room', request, signal, key),
    async resume({ room_id, client_id, ticket }, signal) {
      const grant = await askForGrant('join-room', { room_id, client_id, ticket }, signal, undefined);
      if (grant.room_id === room_id && grant.client_id === client_id) return grant;
      throw new AnteroomError('protocol', 'The router answered a resume with the seat of another client');
    },
    place: (grant, place) => placedAt(grant, place, context),
  };
}
