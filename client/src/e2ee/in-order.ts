import type { Awaitable } from './awaitable.ts';

/** Hands results on in the order in which their work was begun, at once where nothing from before is under way. */
export class InOrder {
  #last: Promise<void> | undefined;

  /** What fails is left out. */
  add<T>(work: Awaitable<T>, use: (result: T) => void): void {
    const before = this.#last;
    if (before === undefined && !(work instanceof Promise)) {
      use(work);
      return;
    }
    const turn = this.#wait(before, work, use).finally(() => {
      if (this.#last === turn) this.#last = undefined;
    });
    this.#last = turn;
  }

  async #wait<T>(
    before: Promise<void> | undefined,
    work: Awaitable<T>,
    use: (result: T) => void,
  ): Promise<void> {
    const [outcome] = await Promise.allSettled([work, before]);
    if (outcome.status === 'fulfilled') use(outcome.value);
  }
}
