import { TIMING } from './timing.ts';

/** Something that is looked at every tick. */
export interface Beating {
  /** `now` is monotonic, ms. `stood`: for how long before the process stood still, ms; mostly 0. */
  beat(now: number, stood: number): void;
}

/**
 * One timer for all connections, and clocks that cost nothing to read: they move once a tick. A tick that comes late by
 * `stall` or more means that the process stood still: stopped by a signal, without CPU, or busy for too long.
 */
export class Pulse {
  /** Monotonic, ms, as of the last tick. */
  now = performance.now();
  /** For how long the process has run, ms, as of the last tick: time in which it stood still does not count. */
  awake = 0;
  readonly #tick: number;
  readonly #stall: number;
  readonly #beating = new Set<Beating>();
  readonly #timer: NodeJS.Timeout;
  #wall = Date.now();
  #stalled: (ms: number) => void = () => {};

  constructor(tick: number, stall = TIMING.stall) {
    this.#tick = tick;
    this.#stall = stall;
    this.#timer = setInterval(() => this.#beat(), tick);
    this.#timer.unref();
  }

  /** `stalled` hears each time that the process goes on after it stood still, and for how long, ms. */
  onStall(stalled: (ms: number) => void): void {
    this.#stalled = stalled;
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

  #beat(): void {
    const before = this.now;
    const wall_before = this.#wall;
    this.now = performance.now();
    this.#wall = Date.now();
    const elapsed = this.now - before;
    const late = elapsed - this.#tick;
    const stood = late >= this.#stall ? late : 0;
    this.awake += elapsed - stood;
    // A suspended machine may stop the monotonic clock as well, but not the wall clock.
    const wall_late = this.#wall - wall_before - this.#tick;
    const longest = Math.max(stood, wall_late);
    if (longest >= this.#stall) this.#stalled(longest);
    for (const one of this.#beating) one.beat(this.now, stood);
  }
}
