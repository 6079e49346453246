import { AnteroomError } from './errors.ts';
import type { ErrorCode } from './errors.ts';
import type { Platform } from './platform.ts';
import { wantedDelay } from './reconnect.ts';
import { throwIfAborted } from './router-api.ts';
import type { ReconnectPolicy } from './types.ts';

/** Tries after the first one, not counting those that find it still under way. */
const MOST_RETRIES = 3;
const KEY_BYTES = 16;
/** What is still under way is asked for no sooner than after this, ms. */
const UNDER_WAY_MS = 1_000;

/** A request for a seat that may have to be repeated. */
export interface FirstRequest<T> {
  /** Repetitions carry the key of the first time, so that they give no second seat. */
  ask: (key: string | undefined) => Promise<T>;
  /** Draws a key; absent for a request that may be repeated without one. */
  drawKey?: () => string;
  /** What a repetition is answered if the seat that the request gave is gone by now. */
  lost?: readonly ErrorCode[];
}

/** Draws idempotency keys: 128 random bits in hexadecimal. */
export const keySource = (platform: Pick<Platform, 'fillRandom'>) => (): string => {
  const bytes = new Uint8Array(KEY_BYTES);
  platform.fillRandom(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
};

const isUnderWay = ({ status, retryable }: AnteroomError): boolean => status === 409 && retryable;

/**
 * Whether a request is repeated: where nobody knows what came of it (no answer, or one of a gateway), where it could not be
 * done just now or is still under way, and where the router says when to come again.
 */
function mayAskAgain(error: AnteroomError): boolean {
  const { status, code, retryable, retry_after_ms } = error;
  if (!retryable) return false;
  if (status === undefined || status >= 500 || isUnderWay(error)) return true;
  return code === 'rate_limited' && retry_after_ms !== undefined;
}

/** Resolves after `ms`; rejects with `aborted` as soon as `signal` says so. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
  throwIfAborted(signal);
}

/**
 * What `request` resolves to. Where that is worth it, it is repeated, three times at most (besides those that find it still
 * under way) and as long as that begins within `within_ms`: after `Retry-After` and, on top, the delay of `policy`. If the
 * seat that it gave is gone meanwhile, it begins once more, with a new key.
 */
export async function askPatiently<T>(
  { ask, drawKey, lost }: FirstRequest<T>,
  {
    policy,
    within_ms,
    signal,
  }: { policy: ReconnectPolicy; within_ms: number; signal: AbortSignal | undefined },
): Promise<T> {
  const since = performance.now();
  let key = drawKey?.();
  let renewed = false;
  let retries = 0;
  for (;;) {
    try {
      return await ask(key);
    } catch (error) {
      if (!(error instanceof AnteroomError)) throw error;
      const again = !renewed && error.from_router && lost?.includes(error.code) === true;
      if (!again && !mayAskAgain(error)) throw error;
      const under_way = isUnderWay(error);
      if (!under_way && ++retries > MOST_RETRIES) throw error;
      const elapsed = performance.now() - since;
      // What is under way ends within a known time: with growing delays the last question could come too late.
      const wanted = wantedDelay(policy, under_way ? 1 : retries, elapsed);
      const least = Math.max(error.retry_after_ms ?? 0, under_way ? UNDER_WAY_MS : 0);
      const ms = least + (wanted ?? 0);
      if (wanted === null || elapsed + ms > within_ms) throw error;
      await pause(ms, signal);
      if (again) {
        key = drawKey?.();
        renewed = true;
      }
    }
  }
}
