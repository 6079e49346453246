/** Tells when a connection has been silent for too long. */
export interface Liveness {
  /** Something arrived. Cheap: it is called for each message. */
  heard(): void;
  /** Looks at once, for when timers may have slept with the machine. */
  check(): void;
  stop(): void;
}

/**
 * Calls `dead` once nothing was heard for `after_ms`. The clock is the wall clock: unlike a monotonic one it goes on
 * while a machine sleeps. If it is set back meanwhile, the silence counts from then on anew.
 */
export function watchLiveness(after_ms: number, dead: () => void): Liveness {
  let last = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const arm = (ms: number): void => {
    timer = setTimeout(check, ms);
  };
  const check = (): void => {
    if (timer === undefined) return;
    stop();
    const now = Date.now();
    if (now < last) last = now;
    const silence = now - last;
    if (silence >= after_ms) dead();
    else arm(after_ms - silence);
  };
  arm(after_ms);
  return {
    heard() {
      last = Date.now();
    },
    check,
    stop,
  };
}
