/** How well this machine keeps up with a run: what is slow for want of it is nobody's fault. */
import { availableParallelism, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setInterval } from 'node:timers';

export interface Machine {
  cores: number;
  /** Processes that run or want to, on average, as the system counts them; 0 where it does not. */
  load_average: number;
  /** How late timers of the load were, ms. */
  late_p99_ms: number;
  late_most_ms: number;
}

const LOOK_MS = 2_000;

/** Watches until it is asked. */
export function watchMachine(): () => Machine {
  const delay = monitorEventLoopDelay();
  delay.enable();
  const loads: number[] = [];
  const look = (): void => void loads.push(loadavg()[0] ?? 0);
  look();
  const timer = setInterval(look, LOOK_MS).unref();
  return () => {
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
