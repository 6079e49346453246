/**
 * Errors of the HTTP APIs as RFC 9457 problem details. One table: the router and the relay answer from it, the SDK
 * reads its codes, and docs/api.md lists it.
 */
export const PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not JSON', retryable: false },
  unauthorized: { status: 401, title: 'The token of this call is missing or not valid', retryable: false },
  forbidden: { status: 403, title: 'This caller may not do that', retryable: false },
  not_found: { status: 404, title: 'There is nothing at this path', retryable: false },
  room_not_found: { status: 404, title: 'There is no such room', retryable: false },
  client_not_found: { status: 404, title: 'This client is not in the room', retryable: false },
  method_not_allowed: { status: 405, title: 'This path takes another method', retryable: false },
  task_id_taken: { status: 409, title: 'Another process reports as this task', retryable: false },
  stale_epoch: { status: 409, title: 'The room was placed anew since', retryable: false },
  // Not 421 (Misdirected Request), which `fetch` retries by itself (Fetch standard, HTTP-network-or-cache fetch).
  wrong_task: { status: 409, title: 'Another task answers at this address', retryable: false },
  request_in_flight: { status: 409, title: 'The first request with this key is under way', retryable: true },
  too_large: { status: 413, title: 'The body is too large', retryable: false },
  unsupported_media_type: { status: 415, title: 'The body must be application/json', retryable: false },
  invalid_request: { status: 422, title: 'The request does not fit the schema', retryable: false },
  idempotency_key_reused: {
    status: 422,
    title: 'This idempotency key came with another request',
    retryable: false,
  },
  rooms_exhausted: { status: 429, title: 'All rooms are taken', retryable: true },
  room_full: { status: 429, title: 'The room is full', retryable: true },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  internal: { status: 500, title: 'Something went wrong on our side', retryable: true },
  no_task_available: { status: 503, title: 'No stream task can take the room now', retryable: true },
  task_draining: { status: 503, title: 'This task takes no new rooms', retryable: true },
  store_busy: { status: 503, title: 'The database is busy', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One fault of a request: where it is (a JSON path such as `max_clients`) and what is wrong. */
export interface Fault {
  path: string;
  message: string;
}

/** The body of every error answer, `application/problem+json`. */
export interface Problem {
  /** A URI reference that names the kind of problem: `urn:anteroom:problem:<code>`. */
  type: string;
  title: string;
  status: number;
  /** What happened and the way out, for a person. */
  detail: string;
  code: ProblemCode;
  request_id: string;
  /** Whether the same request may succeed later. */
  retryable: boolean;
  /** Each fault of a request that does not fit the schema. */
  faults?: Fault[];
}

export const PROBLEM_TYPE = 'application/problem+json';

/** The problem details of `code`. */
export function problem(code: ProblemCode, detail: string, request_id: string, faults?: Fault[]): Problem {
  const { status, title, retryable } = PROBLEMS[code];
  const body: Problem = {
    type: `urn:anteroom:problem:${code}`,
    title,
    status,
    detail,
    code,
    request_id,
    retryable,
  };
  return faults === undefined ? body : { ...body, faults };
}
