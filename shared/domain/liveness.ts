/**
 * Every time-out of the system that is not an operator's setting, and how those relate. Milliseconds.
 * test/unit/domain/liveness.test.ts asserts the order.
 */

/** Limit of one router → task call. */
export const TASK_CALL_TIMEOUT_MS = 1_500;
/** A create or re-home tries other tasks for this long at most, then answers 503. */
export const PLACEMENT_DEADLINE_MS = 5_000;
/** Tasks that one request tries at most. */
export const PLACEMENT_ATTEMPTS = 3;
/** Random room ids that one create tries at most. */
export const ROOM_ID_ATTEMPTS = 8;
/** Clocks of router and task may differ by this. */
export const CLOCK_SKEW_MS = 5_000;
/** A request of the router ends within this time, one way or another: the time limit of its Lambda (serverless.yml). */
export const REQUEST_LIMIT_MS = 15_000;
/** Limits of one call to DynamoDB: to connect, and until it has answered. A healthy one takes tens of milliseconds. */
export const STORE_CONNECT_TIMEOUT_MS = 1_000;
export const STORE_CALL_TIMEOUT_MS = 2_500;
/**
 * A request that has no more than this left begins no call to DynamoDB any more, but answers that it is busy: what is under
 * way then, and the calls to a task and the fleet that may follow, still end in time.
 */
export const STORE_RESERVE_MS = 7_000;
/**
 * A row that is older than this has been settled: the request that wrote it has ended, and so has the register that
 * follows the write. What a task's snapshot says of younger rows is not believed.
 */
export const SETTLED_MS = REQUEST_LIMIT_MS + 2 * CLOCK_SKEW_MS;
/** Rooms that wait are given places for this long at most, each time somebody looks after them. */
export const PLACE_PENDING_MS = 5_000;
/** Limit of one call to the control channel's connections. */
export const PUSH_CALL_TIMEOUT_MS = 1_500;
/** A connection of the control channel lasts this long at most (API Gateway, "Quotas for WebSocket APIs"). */
export const CONTROL_CONNECTION_MS = 2 * 3_600_000;
/**
 * While a connection of the control channel is being made it counts as gone for whoever speaks to it: as long as the function
 * that is asked whether to let it in may take.
 */
export const CONTROL_CONNECTING_MS = REQUEST_LIMIT_MS + CLOCK_SKEW_MS;
/** Limit of one call to the fleet's API on the path of a request. */
export const FLEET_CALL_TIMEOUT_MS = 1_500;
/** A sweep holds its lock for this long at most. */
export const SWEEP_LOCK_MS = 55_000;
/** The fleet's size is looked at this often (serverless.yml), and at once when a room finds no place. */
export const SCALING_INTERVAL_MS = 60_000;
/** A run of the scaling holds its lock for this long at most. */
export const SCALING_LOCK_MS = 55_000;
/** A task that is to end has done so after this: the longest DRAIN_DEADLINE, what follows it, and ECS's own limit (stopTimeout). */
export const DRAIN_LIMIT_MS = 150_000;
/** Leases that ran out within this time of now ran out "together" for the third-of-leases rule. */
export const TOGETHER_MS = 10 * 60_000;
/** Validity of a router ⇄ task token. */
export const TOKEN_LIFETIME_S = 60;
/** DynamoDB's time to live is set this far behind the logical expiry: it collects only what the sweep has missed. */
export const TTL_SLACK_MS = 7 * 24 * 3_600_000;
/** An idempotency key gives the same answer for this long. */
export const KEY_LIFETIME_MS = 10 * 60_000;
/** What `Retry-After` says, seconds. */
export const RETRY_AFTER_S = {
  rooms_exhausted: 10,
  room_full: 10,
  no_task_available: 2,
  store_busy: 1,
  request_in_flight: 1,
} as const;

/** The operator's durations (see shared/config), ms. */
export interface Durations {
  ROOM_TTL: number;
  CONNECT_TIMEOUT: number;
  RESUME_GRACE: number;
  HEARTBEAT: number;
  LEASE: number;
}

/** The relations that the durations must keep; each broken one as a sentence that names both variables. */
export function durationFaults(d: Durations): string[] {
  const faults: string[] = [];
  if (d.LEASE <= 2 * d.HEARTBEAT) {
    faults.push('LEASE must be more than twice HEARTBEAT, else one lost heartbeat ends a lease');
  }
  if (d.HEARTBEAT <= TASK_CALL_TIMEOUT_MS) {
    faults.push(`HEARTBEAT must be more than ${TASK_CALL_TIMEOUT_MS} ms, the limit of one call`);
  }
  if (d.ROOM_TTL <= d.CONNECT_TIMEOUT + d.LEASE) {
    faults.push('ROOM_TTL must be more than CONNECT_TIMEOUT and LEASE together');
  }
  return faults;
}

/**
 * When a reservation is surely over although no task reported anything: the task ends it after CONNECT_TIMEOUT, and a
 * connect that it saw reaches the router within a lease.
 */
export function reservationExpiry(now: number, d: Pick<Durations, 'CONNECT_TIMEOUT' | 'LEASE'>): number {
  return now + d.CONNECT_TIMEOUT + d.LEASE;
}
