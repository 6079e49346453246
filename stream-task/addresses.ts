/** How many sockets each remote address holds open. */
export class Addresses {
  readonly #open = new Map<string, number>();

  /** Sockets of `address` that are open now. */
  of(address: string): number {
    return this.#open.get(address) ?? 0;
  }

  opened(address: string): number {
    const now = this.of(address) + 1;
    this.#open.set(address, now);
    return now;
  }

  closed(address: string): void {
    const now = this.of(address) - 1;
    if (now > 0) this.#open.set(address, now);
    else this.#open.delete(address);
  }
}
