/** Things that arrive, read in order, with an end to the waiting. */
const WAIT_MS = 15_000;

export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #readers: { resolve(item: T): void; reject(error: Error): void }[] = [];
  #ended: string | undefined;

  put(item: T): void {
    const reader = this.#readers.shift();
    if (reader === undefined) this.#items.push(item);
    else reader.resolve(item);
  }

  /** Nothing comes any more: who waits is told `why`. What is here can still be read. */
  end(why: string): void {
    this.#ended = why;
    for (const reader of this.#readers.splice(0)) reader.reject(new Error(why));
  }

  next(): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    if (this.#ended !== undefined) return Promise.reject(new Error(this.#ended));
    return new Promise((resolve, reject) => {
      const reader = {
        resolve(item: T) {
          clearTimeout(timer);
          resolve(item);
        },
        reject(error: Error) {
          clearTimeout(timer);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        this.#readers.splice(this.#readers.indexOf(reader), 1);
        reject(new Error(`nothing came within ${WAIT_MS} ms`));
      }, WAIT_MS);
      this.#readers.push(reader);
    });
  }

  /** The next item that fits; others are thrown away. */
  async nextThat(fits: (item: T) => boolean): Promise<T> {
    for (;;) {
      const item = await this.next();
      if (fits(item)) return item;
    }
  }
}

/** Resolves once `holds` does: for state that no event tells of. */
export async function eventually(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`still not after ${WAIT_MS} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
