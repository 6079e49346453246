import { reportException } from './emitter.ts';
import { LONGEST_WAIT_MS } from './timings.ts';
import type { ReconnectPolicy } from './types.ts';

export interface FullJitterOptions {
  /** Upper bound of the first delay, ms. Default: 250. */
  base_ms?: number;
  /** Upper bound of every delay, ms. Default: 8,000. */
  cap_ms?: number;
  /** Gives up once the outage has lasted this long, ms. Default: five minutes. */
  give_up_after_ms?: number;
  /** A number from 0 up to, but not including, 1. Default: `Math.random`. */
  random?: () => number;
}

/**
 * The default reconnect policy: exponential backoff with full jitter. Attempt `n` waits a random time between 0 and
 * `base_ms` × 2^(n-1), at most `cap_ms`, so that the clients of a task that died do not come back all at once.
 */
export function fullJitter(options: FullJitterOptions = {}): ReconnectPolicy {
  const { base_ms = 250, cap_ms = 8_000, give_up_after_ms = 5 * 60_000, random = Math.random } = options;
  return (attempt, elapsed_ms) =>
    elapsed_ms >= give_up_after_ms
      ? null
      : Math.round(random() * Math.min(cap_ms, base_ms * 2 ** (attempt - 1)));
}

/** What `policy` wants, ms; null to give up, which is also what anything but a finite number from 0 up means. */
export function wantedDelay(policy: ReconnectPolicy, attempt: number, elapsed_ms: number): number | null {
  const ms: unknown = policy(attempt, elapsed_ms);
  return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? Math.min(ms, LONGEST_WAIT_MS) : null;
}

/** `policy`, except that it gives up where it would throw: there is nobody to ask for another delay. */
export function guarded(policy: ReconnectPolicy): ReconnectPolicy {
  return (attempt, elapsed_ms) => {
    try {
      return policy(attempt, elapsed_ms);
    } catch (exception) {
      reportException(exception);
      return null;
    }
  };
}
