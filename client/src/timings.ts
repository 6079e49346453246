import { DEAD_AFTER_MS } from '../../shared/protocol/control.ts';

/** Time limits of the SDK, ms. They are no options: the relay and the router count on them. */
export interface Timings {
  /** Silence after which a connection is dead; it also limits how long a connection may take to open. */
  readonly dead_after_ms: number;
  /** How long a close handshake may take before the socket is abandoned. */
  readonly close_timeout_ms: number;
  /** A connection that lived for less does not reset the count of attempts: one that flaps backs off, too. */
  readonly stable_after_ms: number;
  /** Limit of one request to the router. It is above the router's own limit for placing a room. */
  readonly request_timeout_ms: number;
  /**
   * For how long the first request for a grant may be repeated: one time-out of ours fits in, and so does the time after
   * which the router knows what came of a request that was cut short.
   */
  readonly first_grant_ms: number;
  /** Who has been away for this long, and longer than the relay keeps a seat, is gone. */
  readonly away_ms: number;
  /** How long the control channel may take to open, and to answer. */
  readonly control_answer_ms: number;
  /** Time between two questions on the control channel. It is well below the ten minutes after which an idle one is ended. */
  readonly control_sync_ms: number;
  /** Upper bound of the first delay before the control channel is opened again; it doubles each time, up to 16 times this. */
  readonly control_retry_ms: number;
  /** How often the router is asked about a room that waits for a task, where the control channel does not tell. */
  readonly pending_poll_ms: number;
  /** No room waits for longer: the upper limit of PENDING_LIMIT, and some. */
  readonly longest_pending_ms: number;
}

export const DEFAULT_TIMINGS: Timings = {
  dead_after_ms: DEAD_AFTER_MS,
  close_timeout_ms: 2_000,
  stable_after_ms: 10_000,
  request_timeout_ms: 15_000,
  first_grant_ms: 25_000,
  away_ms: 60_000,
  control_answer_ms: 10_000,
  control_sync_ms: 20_000,
  control_retry_ms: 1_000,
  pending_poll_ms: 3_000,
  longest_pending_ms: 31 * 60_000,
};

/** The longest wait of a timer (2^31 - 1 ms); browsers and Node take a longer one for none. */
export const LONGEST_WAIT_MS = 0x7fff_ffff;
