/** Times at which the load itself stood still. */
export class Stalls {
  readonly #all: { from: number; to: number }[] = [];

  /** It stood still from `from` to `to`, ms since the Unix epoch; later than every one before. */
  note(from: number, to: number): void {
    this.#all.push({ from, to });
  }

  /** How long it stood still between `from` and `to`, ms. */
  within(from: number, to: number): number {
    let sum = 0;
    for (let at = this.#all.length - 1; at >= 0 && this.#all[at]!.to > from; at--) {
      const stall = this.#all[at]!;
      sum += Math.max(0, Math.min(stall.to, to) - Math.max(stall.from, from));
    }
    return sum;
  }
}
