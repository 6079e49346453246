/** Virtual time: what happens, happens at an instant, one thing after the other, and always in the same order. */

export interface Event {
  /** It does not happen any more. */
  cancel(): void;
}

interface Queued {
  at: number;
  order: number;
  run: (() => void) | undefined;
}

const before = (a: Queued, b: Queued) => a.at < b.at || (a.at === b.at && a.order < b.order);

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export class Scheduler {
  /** Milliseconds since the Unix epoch. */
  now: number;
  /** Grows with everything that happens: an instant finer than `now`. */
  step = 0;
  /** A binary heap, the next one first. */
  readonly #queue: Queued[] = [];
  readonly #external = new Set<Promise<unknown>>();
  #last: Promise<unknown> = Promise.resolve();
  #order = 0;

  constructor(now: number) {
    this.now = now;
  }

  after(ms: number, run: () => void): Event {
    const queued: Queued = { at: this.now + Math.max(ms, 0), order: this.#order++, run };
    this.#push(queued);
    return {
      cancel: () => {
        queued.run = undefined;
      },
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Real work that takes no virtual time: one after the other, and nothing else happens until it is done. */
  external<T>(begin: () => Promise<T>): Promise<T> {
    const work = this.#last.then(begin);
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    this.#last = settled;
    this.#external.add(settled);
    void settled.then(() => this.#external.delete(settled));
    return work;
  }

  /** Lets everything happen up to `ms` from now. */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    await this.#quiet();
    for (let next = this.#queue[0]; next !== undefined && next.at <= until; next = this.#queue[0]) {
      this.#pop();
      if (next.run === undefined) continue;
      this.now = Math.max(this.now, next.at);
      this.step++;
      next.run();
      await this.#quiet();
    }
    this.now = until;
  }

  /** Until all that follows without time passing has happened. */
  async #quiet(): Promise<void> {
    await turn();
    while (this.#external.size > 0) {
      await Promise.all(this.#external);
      await turn();
    }
  }

  #push(queued: Queued): void {
    const queue = this.#queue;
    let at = queue.push(queued) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(queued, queue[parent]!)) break;
      queue[at] = queue[parent]!;
      at = parent;
    }
    queue[at] = queued;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop()!;
    if (queue.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= queue.length) break;
      if (child + 1 < queue.length && before(queue[child + 1]!, queue[child]!)) child++;
      if (!before(queue[child]!, last)) break;
      queue[at] = queue[child]!;
      at = child;
    }
    queue[at] = last;
  }
}
