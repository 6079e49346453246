import type { Fault, ProblemCode } from '../../shared/protocol/problem.ts';

/**
 * What kind of failure it was: a code of the router's problem details, or one of the SDK's own.
 * `network`: the router could not be reached; `protocol`: it answered with something else than its API;
 * `aborted`: the caller's signal ended it; `invalid_argument`: the call itself is wrong; `closed`: the room is over.
 * Of sealed rooms: `unreadable`: a frame could not be opened; `lost`: messages of a member that will not come any more;
 * `not_sent`: a message that reached nobody; `not_secure`: the page has no WebCrypto, as it is neither https nor localhost.
 */
export type ErrorCode =
  | ProblemCode
  | 'network'
  | 'protocol'
  | 'aborted'
  | 'invalid_argument'
  | 'closed'
  | 'unreadable'
  | 'lost'
  | 'not_sent'
  | 'not_secure';

/** Every error of the SDK. */
export class AnteroomError extends Error {
  override name = 'AnteroomError';
  readonly code: ErrorCode;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Whether the router itself said so, in its problem details: not something before it, and not the SDK. */
  readonly from_router: boolean;
  /** HTTP status, where the router answered. */
  readonly status: number | undefined;
  /** From `Retry-After`, ms. */
  readonly retry_after_ms: number | undefined;
  readonly request_id: string | undefined;
  readonly faults: readonly Fault[];

  constructor(
    code: ErrorCode,
    message: string,
    details: {
      retryable?: boolean;
      from_router?: boolean;
      status?: number | undefined;
      retry_after_ms?: number | undefined;
      request_id?: string | undefined;
      faults?: readonly Fault[];
      cause?: unknown;
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.from_router = details.from_router ?? false;
    this.status = details.status;
    this.retry_after_ms = details.retry_after_ms;
    this.request_id = details.request_id;
    this.faults = details.faults ?? [];
  }
}

export const notSecure = (): AnteroomError =>
  new AnteroomError(
    'not_secure',
    'This page cannot encrypt: browsers have WebCrypto (crypto.subtle) on https:// and on localhost only. Open the page there',
  );
