/** Room ids are short, so they can be guessed: joins that find no room are counted for each source, and limited. */
import { createHmac } from 'node:crypto';
import { networkOf } from './address.ts';

/** Failures of one source within one window, which ends at `until` (ms). */
export interface Failures {
  failures: number;
  until: number;
}

/** The name under which failures are counted: it cannot be read back without the router secret. */
export function sourceName(secret: string, address: string, what: 'join' | 'resume'): string {
  return createHmac('sha256', secret)
    .update(`source\0${what}\0${networkOf(address)}`)
    .digest('base64url');
}

/** How many milliseconds `seen` keeps its source from trying again; 0: it may. */
export function blockedFor(seen: Failures | undefined, limit: number, now: number): number {
  return seen === undefined || seen.failures < limit ? 0 : Math.max(0, seen.until - now);
}
