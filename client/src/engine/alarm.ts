import { LONGEST_WAIT_MS } from '../timings.ts';

/** One timer, set to a time of a clock. */
export class Alarm {
  readonly #clock: () => number;
  readonly #due: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `clock`: monotonic, ms. */
  constructor(clock: () => number, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Replaces the time that was set before. */
  set(at: number): void {
    clearTimeout(this.#timer);
    // Rounded up: timers count whole milliseconds, and one that is early would be set anew at once.
    const ms = Math.ceil(Math.max(0, at - this.#clock()));
    this.#timer = setTimeout(this.#due, Math.min(ms, LONGEST_WAIT_MS));
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
