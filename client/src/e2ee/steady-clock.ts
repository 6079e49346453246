/** Time as the state machines count it, ms: it never goes back, and stands still while nobody ran us. */
import { STILL_MS } from './limits.ts';

export class SteadyClock {
  readonly #source: () => number;
  #last: number;
  #now = 0;

  /** `source`: ms of any clock, monotonic if the platform has one. */
  constructor(source: () => number) {
    this.#source = source;
    this.#last = source();
  }

  /**
   * A machine that slept for an hour has not been left by everybody: what they said waits in its sockets. It must be asked
   * more often than every `STILL_MS`.
   */
  now(): number {
    const read = this.#source();
    const passed = read - this.#last;
    this.#last = read;
    if (passed > 0 && passed <= STILL_MS) this.#now += passed;
    return this.#now;
  }

  /** When it is `at` by this clock, in the time of its source. */
  toSource(at: number): number {
    return this.#last + (at - this.#now);
  }
}
