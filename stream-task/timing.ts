/** Every time-out of the relay that is not an operator's setting, in one place. Milliseconds. */
import {
  CLOCK_SKEW_MS,
  PLACEMENT_DEADLINE_MS,
  REQUEST_LIMIT_MS,
  TASK_CALL_TIMEOUT_MS,
  TOKEN_LIFETIME_S,
} from '../shared/domain/liveness.ts';
import { ALIVE_AFTER_MS } from '../shared/protocol/control.ts';

/** How long a request to the task may take to arrive, headers and body. */
const REQUEST_ARRIVES_MS = 10_000;

export interface Timing {
  /** How often all connections are looked at for `alive` and pings: one timer for all, none per frame. */
  tick: number;
  /**
   * A process whose timers come this late stood still: a call of the router may have timed out meanwhile, so that the
   * router may have given its rooms away.
   */
  stall: number;
  /** Silence towards a client after which it is told `alive`. */
  alive_after: number;
  /** Time between two pings of one connection: drawn anew each time, so that a reconnect storm spreads out. */
  ping_min: number;
  ping_max: number;
  /** A connection that has not sent its request by then, body included, is answered 408 and closed. */
  handshake: number;
  /** One on which nothing moves for so long, as where the peer does not take its answer, is cut off. */
  standstill: number;
  /** How often the HTTP server looks for such connections. */
  handshake_check: number;
  /** A message of a client that is not complete by then, after its first byte, ends its connection. */
  message: number;
  /** How long the closing handshake may take before the socket is cut off. */
  close_wait: number;
  /** Between `moved` and close 4503, so that the client reads where to go before it sees the end. */
  moved_close: number;
  /**
   * How long a room that was lost is remembered. A register of its old place may be signed for as long as a request lasts,
   * its token be valid for a minute by a clock that differs, and its body still be on the way then.
   */
  lost_kept: number;
  /** Limit of one call to the router. */
  router_call: number;
  /** Limit of one call that moves a room: the router may have to try several tasks. */
  migrate_call: number;
  /** Longest wait between two tries to move a room (full jitter): the next one may end, or a task be up any moment. */
  migrate_pause: number;
  /** Limit of one call to a metadata service. */
  metadata_call: number;
  /** First and longest wait between two tries of a call (full jitter). */
  retry_first: number;
  retry_longest: number;
  /** Limit of each of the two last put-task calls while stopping. */
  stop_call: number;
}

export const TIMING: Timing = {
  tick: 500,
  stall: TASK_CALL_TIMEOUT_MS,
  alive_after: ALIVE_AFTER_MS,
  ping_min: 20_000,
  ping_max: 25_000,
  handshake: REQUEST_ARRIVES_MS,
  standstill: 15_000,
  handshake_check: 1_000,
  message: 30_000,
  close_wait: 2_000,
  moved_close: 1_000,
  lost_kept: REQUEST_LIMIT_MS + TOKEN_LIFETIME_S * 1_000 + 2 * CLOCK_SKEW_MS + REQUEST_ARRIVES_MS,
  router_call: 5_000,
  migrate_call: PLACEMENT_DEADLINE_MS + 2 * TASK_CALL_TIMEOUT_MS,
  migrate_pause: 2_000,
  metadata_call: 2_000,
  retry_first: 250,
  retry_longest: 10_000,
  stop_call: 2_000,
};

/** Stopping takes no longer than this, whoever does not answer: then the process ends all the same. A drain comes before. */
export const STOP_LIMIT_MS = 10_000;
