/**
 * The code of the stream task reads the clock and sets timers as any program does. Here those of a simulated process go
 * to its own surroundings, found by its asynchronous context; everybody else's stay what they are.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Surroundings {
  now(): number;
  monotonic(): number;
  random(): number;
  setTimeout(run: () => void, ms: number): VirtualTimer;
}

export class VirtualTimer {
  readonly #cancel: () => void;

  constructor(cancel: () => void) {
    this.#cancel = cancel;
  }

  cancel(): void {
    this.#cancel();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

const surroundings = new AsyncLocalStorage<Surroundings | undefined>();

/** Runs `run`, and all that follows from it, in `here`; undefined: in the real ones. */
export function within<T>(here: Surroundings | undefined, run: () => T): T {
  return surroundings.run(here, run);
}

/** Puts them in place; the result takes them away. */
export function installVirtualGlobals(): () => void {
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    now: Date.now,
    random: Math.random,
    monotonic: performance.now.bind(performance),
  };
  type Timer = Parameters<typeof clearTimeout>[0];
  const set = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
    surroundings.getStore()?.setTimeout(() => run(...args), ms) ?? real.setTimeout(run, ms, ...args);
  globalThis.setTimeout = Object.assign(set, real.setTimeout);
  globalThis.clearTimeout = (timer?: Timer | VirtualTimer) => {
    if (timer instanceof VirtualTimer) timer.cancel();
    else real.clearTimeout(timer);
  };
  Date.now = () => surroundings.getStore()?.now() ?? real.now();
  performance.now = () => surroundings.getStore()?.monotonic() ?? real.monotonic();
  Math.random = () => surroundings.getStore()?.random() ?? real.random();
  return () => {
    globalThis.setTimeout = real.setTimeout;
    globalThis.clearTimeout = real.clearTimeout;
    Date.now = real.now;
    Math.random = real.random;
    // The prototype's own is there again.
    Reflect.deleteProperty(performance, 'now');
  };
}
