import { AnteroomError } from './errors.ts';
import { wantedDelay } from './reconnect.ts';
import { throwIfAborted } from './router-api.ts';
import type { ReconnectPolicy } from './types.ts';

/** Tries after the first one. */
const MOST_RETRIES = 3;

/**
 * Whether a new room is asked for again: only where the router itself says that it could not make one now. Of anything
 * else nobody knows whether there is a room already.
 */
export const mayCreateAgain = (error: AnteroomError): boolean => error.from_router && error.status === 503;

/** Whether a seat is asked for again: also without an answer, or without one of the router. One too many expires. */
export const mayJoinAgain = (error: AnteroomError): boolean =>
  error.retryable && (error.status === undefined || error.status >= 500);

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
 * What `ask` resolves to. Where it rejects with an error that is `worthwhile`, it is called again, three times at most and as
 * long as that begins within `within_ms`: after `Retry-After` and, on top, the delay of `policy`.
 */
export async function askPatiently<T>(
  ask: () => Promise<T>,
  {
    worthwhile,
    policy,
    within_ms,
    signal,
  }: {
    worthwhile: (error: AnteroomError) => boolean;
    policy: ReconnectPolicy;
    within_ms: number;
    signal: AbortSignal | undefined;
  },
): Promise<T> {
  const since = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt > MOST_RETRIES || !(error instanceof AnteroomError) || !worthwhile(error)) throw error;
      const elapsed = performance.now() - since;
      const wanted = wantedDelay(policy, attempt, elapsed);
      const ms = (error.retry_after_ms ?? 0) + (wanted ?? 0);
      if (wanted === null || elapsed + ms > within_ms) throw error;
      await pause(ms, signal);
    }
  }
}
