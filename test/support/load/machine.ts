/** How well this machine keeps up with a run: what is slow for want of it is nobody's fault. */
import { availableParallelism, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setInterval } from 'node:timers';
import type { Stalls } from './stalls.ts';

export interface Machine {
  cores: number;
  /** Processes that run or want to, on average, as the system counts them; 0 where it does not. */
  load_average: number;
  /** How late timers of the load were, ms. */
  late_p99_ms: number;
  late_most_ms: number;
}

const LOOK_MS = 2_000;
/** The load's own timers are looked at this often, and what is later than so much is kept. */
const TICK_MS = 20;
const LATE_MS = 20;

/** Notes when timers of this process are late. Returns what ends that. */
function watchTimers(stalls: Stalls): () => void {
  let due = Date.now() + TICK_MS;
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - due > LATE_MS) stalls.note(due, now);
    due = now + TICK_MS;
  }, TICK_MS).unref();
  return () => clearInterval(timer);
}

/** Watches until it is asked. */
export function watchMachine(stalls: Stalls): () => Machine {
  const delay = monitorEventLoopDelay();
  delay.enable();
  const loads: number[] = [];
  const look = (): void => void loads.push(loadavg()[0] ?? 0);
  look();
  const timer = setInterval(look, LOOK_MS).unref();
  const endTimers = watchTimers(stalls);
  return () => {
    endTimers();
    clearInterval(timer);
    delay.disable();
    const late = (ns: number): number => Math.round(ns / 1e6);
    return {
      cores: availableParallelism(),
      load_average: Math.round((loads.reduce((sum, one) => sum + one, 0) / loads.length) * 10) / 10,
      late_p99_ms: late(delay.percentile(99)),
      late_most_ms: late(delay.max),
    };
  };
}
