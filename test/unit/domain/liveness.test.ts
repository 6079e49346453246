import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { routerSettings, taskSettings } from '../../../shared/config/settings.ts';
import * as liveness from '../../../shared/domain/liveness.ts';
import { ALIVE_AFTER_MS, DEAD_AFTER_MS } from '../../../shared/protocol/control.ts';

const defaults = {
  ROOM_TTL: routerSettings.ROOM_TTL.fallback!,
  CONNECT_TIMEOUT: routerSettings.CONNECT_TIMEOUT.fallback!,
  RESUME_GRACE: routerSettings.RESUME_GRACE.fallback!,
  HEARTBEAT: routerSettings.HEARTBEAT.fallback!,
  LEASE: routerSettings.LEASE.fallback!,
};

describe('time-outs', () => {
  it('are in order by default', () => {
    expect(liveness.durationFaults(defaults)).toEqual([]);
  });

  it('let a client miss two alive messages before it holds the relay for dead', () => {
    expect(DEAD_AFTER_MS).toBeGreaterThan(2 * ALIVE_AFTER_MS);
  });

  it('give a resuming client longer than it takes to notice a dead task', () => {
    expect(defaults.RESUME_GRACE).toBeGreaterThan(DEAD_AFTER_MS);
  });

  it('let one request try several tasks', () => {
    expect(liveness.PLACEMENT_ATTEMPTS * liveness.TASK_CALL_TIMEOUT_MS).toBeLessThanOrEqual(
      liveness.PLACEMENT_DEADLINE_MS,
    );
  });

  it('let every request end before what it wrote counts as settled, however the clocks differ', () => {
    const { provider } = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'silent' }) as {
      provider: { timeout: number };
    };
    expect(provider.timeout * 1_000).toBe(liveness.REQUEST_LIMIT_MS);
    expect(liveness.SETTLED_MS).toBeGreaterThan(liveness.REQUEST_LIMIT_MS + liveness.CLOCK_SKEW_MS);
    expect(
      liveness.PLACEMENT_DEADLINE_MS + liveness.TASK_CALL_TIMEOUT_MS + liveness.FLEET_CALL_TIMEOUT_MS,
    ).toBeLessThan(liveness.REQUEST_LIMIT_MS);
  });

  it('let a request that the database has held up still say so in time', () => {
    const { STORE_CONNECT_TIMEOUT_MS, STORE_CALL_TIMEOUT_MS, STORE_RESERVE_MS } = liveness;
    const afterwards = liveness.TASK_CALL_TIMEOUT_MS + liveness.FLEET_CALL_TIMEOUT_MS;
    expect(STORE_RESERVE_MS).toBeGreaterThan(STORE_CONNECT_TIMEOUT_MS + STORE_CALL_TIMEOUT_MS + afterwards);
    // Before that, one call may go unanswered and be repeated.
    expect(liveness.REQUEST_LIMIT_MS - STORE_RESERVE_MS).toBeGreaterThan(2 * STORE_CALL_TIMEOUT_MS);
  });

  it('keep a reservation until a connect is surely reported', () => {
    expect(liveness.reservationExpiry(0, defaults)).toBeGreaterThan(
      defaults.CONNECT_TIMEOUT + 2 * defaults.HEARTBEAT,
    );
  });

  it('collect garbage long after a sweep would have', () => {
    expect(liveness.TTL_SLACK_MS).toBeGreaterThan(defaults.ROOM_TTL);
  });

  it('free the sweep lock before the next minute', () => {
    expect(liveness.SWEEP_LOCK_MS).toBeLessThan(60_000);
    expect(liveness.SCALING_LOCK_MS).toBeLessThan(liveness.SCALING_INTERVAL_MS);
  });

  it('leave a draining task its whole deadline, and ECS its own limit', () => {
    const longest = taskSettings.DRAIN_DEADLINE.read('110s');
    expect(() => taskSettings.DRAIN_DEADLINE.read('111s')).toThrow('must be a duration');
    expect(liveness.DRAIN_LIMIT_MS).toBeGreaterThan(longest + 2 * defaults.HEARTBEAT);
  });
});
