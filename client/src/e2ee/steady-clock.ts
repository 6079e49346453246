/** Time as the state machines count it, ms: it never goes back, and hardly goes on while nobody ran us. */
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
   * A machine that slept for an hour has not been left by everybody: what they said waits in its sockets. Yet a little of the
   * time counts, or a hidden page that is run once a minute would never come to change its keys. It must be asked more often
   * than every `STILL_MS`.
   */
  now(): number {
    const read = this.#source();
    const passed = read - this.#last;
    this.#last = read;
    if (passed > 0) this.#now += Math.min(passed, STILL_MS);
    return this.#now;
  }

  /** When it is `at` by this clock, in the time of its source. */
  toSource(at: number): number {
    return this.#last + (at - this.#now);
  }
}
