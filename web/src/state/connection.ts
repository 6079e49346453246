/** The SDK's connection state as this page shows it. */
import type { CloseReason, ConnectionState } from '@anteroom/client';

export type Connection =
  | { status: 'connecting' }
  | { status: 'live' }
  /** The connection was there and broke at `since`. The next attempt is made at `retry_at`, or now. ms since the epoch. */
  | { status: 'reconnecting'; since: number; attempt: number; retry_at: number | undefined }
  | { status: 'closed'; reason: CloseReason };

/**
 * What follows on `before` when the SDK says `state` at `now`. An attempt to reconnect goes through the states of a first
 * connection, but to the person it is still the same break.
 */
export function nextConnection(
  before: Connection | undefined,
  state: ConnectionState,
  now: number,
): Connection {
  if (state.status === 'live') return { status: 'live' };
  if (state.status === 'closed') return { status: 'closed', reason: state.reason };
  if (state.status === 'reconnecting') {
    const since = before?.status === 'reconnecting' ? before.since : now;
    return { status: 'reconnecting', since, attempt: state.attempt, retry_at: now + state.retry_in_ms };
  }
  if (before?.status === 'live') {
    return { status: 'reconnecting', since: now, attempt: 1, retry_at: undefined };
  }
  if (before?.status === 'reconnecting') return { ...before, retry_at: undefined };
  return { status: 'connecting' };
}
