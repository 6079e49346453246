import type { Mode } from './registry-types.ts';

/** Whether a task takes rooms, drains or has stopped: that only moves forward. */
export class Phase {
  #mode: Mode = 'open';
  /** While draining: when no room is served any more, monotonic, ms. */
  #deadline = 0;
  #resolve: () => void = () => undefined;
  // Promise.withResolvers would ask for Node 22, and the relay itself runs on 20.
  readonly #drained = new Promise<void>((resolve) => (this.#resolve = resolve));

  get mode(): Mode {
    return this.#mode;
  }

  /** Resolves when it drains and nobody is left, or when it has stopped. */
  get drained(): Promise<void> {
    return this.#drained;
  }

  /** What is left of the time to drain, whole ms. */
  get time_left(): number {
    return Math.max(0, Math.round(this.#deadline - performance.now()));
  }

  /** It drains from now on, for `limit` ms. False if it did already. */
  drain(limit: number): boolean {
    if (this.#mode !== 'open') return false;
    this.#mode = 'draining';
    this.#deadline = performance.now() + limit;
    return true;
  }

  /** Nobody is here now: neither a seat nor a client. */
  empty(): void {
    if (this.#mode === 'draining') this.#resolve();
  }

  stop(): void {
    this.#mode = 'stopped';
    this.#resolve();
  }
}
