/** How many sockets each remote address holds open. */
import { networkOf } from '../shared/domain/address.ts';

export class Addresses {
  /** By {@link networkOf}. */
  readonly #open = new Map<string, number>();

  /** Sockets of `address` that are open now. */
  of(address: string): number {
    return this.#open.get(networkOf(address)) ?? 0;
  }

  opened(address: string): number {
    const now = this.of(address) + 1;
    this.#open.set(networkOf(address), now);
    return now;
  }

  closed(address: string): void {
    const now = this.of(address) - 1;
    if (now > 0) this.#open.set(networkOf(address), now);
    else this.#open.delete(networkOf(address));
  }
}
