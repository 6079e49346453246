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
