/** Something that is looked at every tick. */
export interface Beating {
  /** `now` is monotonic, ms. */
  beat(now: number): void;
}

/** One timer for all connections, and a clock that costs nothing to read: it moves once a tick. */
export class Pulse {
  /** Monotonic, ms, as of the last tick. */
  now = performance.now();
  readonly #beating = new Set<Beating>();
  readonly #timer: NodeJS.Timeout;

  constructor(tick: number) {
    this.#timer = setInterval(() => {
      this.now = performance.now();
      for (const one of this.#beating) one.beat(this.now);
    }, tick);
    this.#timer.unref();
  }

  add(one: Beating): void {
    this.#beating.add(one);
  }

  delete(one: Beating): void {
    this.#beating.delete(one);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#beating.clear();
  }
}
