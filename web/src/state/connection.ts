/** The SDK's connection state as this page shows it. */
import type { CloseReason, ConnectionState } from '@anteroom/client';

export type Connection =
  | { status: 'connecting' }
  /** Connected; keys are being agreed on with those who are here. What is said waits for that. */
  | { status: 'securing' }
  | { status: 'live' }
  /** The connection was there and broke at `since`. The next attempt is made at `retry_at`, or now. ms since the epoch. */
  | { status: 'reconnecting'; since: number; attempt: number; retry_at: number | undefined }
  | { status: 'closed'; reason: CloseReason };

/** Whether what is said now is sent, at once or soon. */
export const isConnected = ({ status }: Connection): boolean => status === 'live' || status === 'securing';

/**
 * What follows on `before` when the SDK says `state` at `now`. An attempt to reconnect goes through the states of a first
 * connection, but to the person it is still the same break.
 */
export function nextConnection(
  before: Connection | undefined,
  state: ConnectionState,
  now: number,
): Connection {
  if (state.status === 'live' || state.status === 'securing') return { status: state.status };
  if (state.status === 'closed') return { status: 'closed', reason: state.reason };
  if (state.status === 'reconnecting') {
    const since = before?.status === 'reconnecting' ? before.since : now;
    return { status: 'reconnecting', since, attempt: state.attempt, retry_at: now + state.retry_in_ms };
  }
  if (before?.status === 'live' || before?.status === 'securing') {
    return { status: 'reconnecting', since: now, attempt: 1, retry_at: undefined };
  }
  if (before?.status === 'reconnecting') return { ...before, retry_at: undefined };
  return { status: 'connecting' };
}
