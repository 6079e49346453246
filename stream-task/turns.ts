/**
 * Turns of the event loop. What a turn reads is sent at its end, so that each receiver gets one write for all of it; and
 * what one room may cost in a turn is bounded, so that none starves the others.
 */

/** Something with output that is sent at the end of the turn. Never throws. */
export interface Dirty {
  turnEnded(): void;
}

/** Something that was told to read no further in this turn. Never throws. */
export interface Paused {
  /** It may go on. False if it still cannot: then it is asked again in the next turn, before those that could. */
  resume(): boolean;
}

/** Silence of all sockets that is nothing unusual, ms. */
const USUAL_GAP_MS = 50;

export class Turns {
  /** Monotonic, ms: reading the clock for each message would cost as much as checking it. See {@link Turns.read}. */
  now = performance.now();
  /** Grows by one with each turn that anybody wanted to know the end of. */
  current = 0;
  /**
   * For how long, before {@link now}, nothing was read, beyond what is usual, ms: what came meanwhile, such as
   * acknowledgements, may still lie in the sockets while this turn lasts.
   */
  blind = 0;
  #scheduled = false;
  #dirty: Dirty[] = [];
  #paused: Paused[] = [];

  /** Something came from a socket. */
  read(): void {
    const now = performance.now();
    const gap = now - this.now - USUAL_GAP_MS;
    this.now = now;
    if (gap <= this.blind) return;
    this.blind = gap;
    this.#schedule();
  }

  /** `one` is told of the end of this turn. It must not be given twice. */
  flushLater(one: Dirty): void {
    this.#dirty.push(one);
    this.#schedule();
  }

  /** `one` goes on in the next turn: after what all the others sent has been read. */
  resumeLater(one: Paused): void {
    this.#paused.push(one);
    this.#schedule();
  }

  /** What is done from the next turn on has another {@link current}. */
  tellApart(): void {
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#end);
  }

  readonly #end = (): void => {
    this.#scheduled = false;
    this.#flush();
    this.blind = 0;
    this.current++;
    if (this.#paused.length === 0) return;
    const paused = this.#paused;
    this.#paused = [];
    // They were paused in the turn that ends here. Sockets are polled between two immediates.
    const still = paused.filter((one) => !one.resume());
    if (still.length > 0) {
      this.#paused = [...still, ...this.#paused];
      this.#schedule();
    }
    this.#flush();
  };

  #flush(): void {
    if (this.#dirty.length === 0) return;
    this.read();
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const one of dirty) one.turnEnded();
  }
}
