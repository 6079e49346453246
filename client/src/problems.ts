/** Error answers of the router as `AnteroomError`. Pure. */
import { PROBLEMS } from '../../shared/protocol/problem.ts';
import type { Fault, ProblemCode } from '../../shared/protocol/problem.ts';
import { AnteroomError } from './errors.ts';
import type { ErrorCode } from './errors.ts';

/** An HTTP answer, read to its end. `headers.get` is case-insensitive, as of `Headers`. */
export interface HttpAnswer {
  status: number;
  headers: { get(name: string): string | null };
  body: string;
}

/**
 * `Retry-After` in ms (RFC 9110 §10.2.3: seconds, or an HTTP date); undefined without one that can be read. `now`: ms
 * since the Unix epoch.
 */
export function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*[0-9]{1,9}\s*$/.test(value)) return Number(value) * 1_000;
  // Date.parse takes much that is no date of HTTP ("-5", "1.5"): those all end in GMT.
  const date = value.trim().endsWith('GMT') ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The body as a JSON object; undefined if it is none. */
export function jsonObject(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Codes for answers that are not our own: API Gateway's throttle and authorizer, a proxy, a load balancer. */
const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
};

function codeOfStatus(status: number): ErrorCode {
  return BY_STATUS[status] ?? (status >= 500 ? 'internal' : 'protocol');
}

const isFault = (value: unknown): value is Fault =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Fault).path === 'string' &&
  typeof (value as Fault).message === 'string';

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/**
 * The error of an answer whose status is not 2xx. Problem details (RFC 9457) give the code; API Gateway's own
 * `{"message": …}`, other bodies and codes of a newer router are told apart by their status.
 */
export function errorOfAnswer({ status, headers, body }: HttpAnswer, now: number): AnteroomError {
  const fields = jsonObject(body) ?? {};
  const given = fields['code'];
  const known = typeof given === 'string' && Object.hasOwn(PROBLEMS, given);
  const code = known ? (given as ProblemCode) : codeOfStatus(status);
  const retryable = fields['retryable'];
  const faults = fields['faults'];
  return new AnteroomError(
    code,
    text(fields['detail']) ??
      text(fields['title']) ??
      text(fields['message']) ??
      `The router answered ${status}`,
    {
      retryable: typeof retryable === 'boolean' ? retryable : status === 429 || status >= 500,
      // `code` alone may be anybody's.
      from_router: known && fields['type'] === `urn:anteroom:problem:${given}`,
      status,
      retry_after_ms: retryAfter(headers.get('retry-after'), now),
      request_id: text(fields['request_id']),
      faults: Array.isArray(faults) ? faults.filter(isFault) : [],
    },
  );
}
