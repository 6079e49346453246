/** Ends a task that nobody uses, such as one on a machine that is dear (IDLE_STOP). */

/** How often it is looked at, ms; more often where IDLE_STOP is short. */
const LOOK_MS = 1_000;

export interface IdleStop {
  stop(): void;
}

/**
 * Calls `idle` once, when `busy` has said no at each look for `limit` ms. Time in which the process stood still counts: nobody
 * was served.
 */
export function startIdleStop(limit: number, busy: () => boolean, idle: () => void): IdleStop {
  let since = performance.now();
  const timer = setInterval(
    () => {
      const now = performance.now();
      if (busy()) since = now;
      if (now - since < limit) return;
      clearInterval(timer);
      idle();
    },
    Math.min(LOOK_MS, limit / 4),
  );
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
