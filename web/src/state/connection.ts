/** The SDK's connection state as this page shows it. */
import type { CloseReason, ConnectionState } from '@anteroom/client';

export type Connection =
  /** A server is being started for the room. */
  | { status: 'starting' }
  | { status: 'connecting' }
  | { status: 'live' }
  /** The connection was there and broke. The next attempt is made at `retry_at` (ms since the epoch), or now. */
  | { status: 'reconnecting'; attempt: number; retry_at: number | undefined }
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
    return { status: 'reconnecting', attempt: state.attempt, retry_at: now + state.retry_in_ms };
  }
  if (before?.status === 'live') return { status: 'reconnecting', attempt: 1, retry_at: undefined };
  if (before?.status === 'reconnecting') return { ...before, retry_at: undefined };
  return { status: state.status === 'pending' ? 'starting' : 'connecting' };
}
