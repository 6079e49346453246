/** Numbers that are never given twice: a nonce that comes again under one key would give its plaintexts away. */
export class Counter {
  readonly #highest: number;
  #next: number;

  /** Counts from `next` up to, with, `highest`. */
  constructor(highest: number, next = 0) {
    this.#highest = highest;
    this.#next = next;
  }

  /** The number that comes next. */
  get next(): number {
    return this.#next;
  }

  /** Throws RangeError when all are given. */
  take(): number {
    if (this.#next > this.#highest) throw new RangeError('No numbers are left: make a new identity');
    return this.#next++;
  }
}
