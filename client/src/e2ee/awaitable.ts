/** What is there at once where the platform computes synchronously (Node), and later where it does not (browsers). */
export type Awaitable<T> = T | Promise<T>;

/** `use` of the value, at once if it is there: an `await` would cost a turn of the microtask queue for each frame. */
export function chain<T, U>(value: Awaitable<T>, use: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** Tasks one after the other, in the order in which they came. One that fails does not hold up the next. */
export class Serial {
  #last: Promise<unknown> | undefined;

  /** The result of `task`, at once if nothing is under way and it needs no waiting. */
  run<T>(task: () => Awaitable<T>): Awaitable<T> {
    const result = this.#last === undefined ? task() : this.#last.then(task);
    if (!(result instanceof Promise)) return result;
    const settled: Promise<void> = result.then(
      () => this.#done(settled),
      () => this.#done(settled),
    );
    this.#last = settled;
    return result;
  }

  #done(task: Promise<void>): void {
    if (this.#last === task) this.#last = undefined;
  }
}
