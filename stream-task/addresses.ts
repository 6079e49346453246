/** How many sockets each remote address holds open. */
import { networkOf } from '../shared/domain/address.ts';

export class Addresses {
  /** By {@link networkOf}. */
  readonly #open = new Map<string, number>();

  /** Sockets of `address` that are open now. */
  of(address: string): number {
    return this.#open.get(networkOf(address)) ?? 0;
  }

  /** One more is open; how many those are now. */
  opened(address: string): number {
    return this.#add(address, 1);
  }

  closed(address: string): void {
    this.#add(address, -1);
  }

  #add(address: string, change: 1 | -1): number {
    const network = networkOf(address);
    const now = (this.#open.get(network) ?? 0) + change;
    if (now > 0) this.#open.set(network, now);
    else this.#open.delete(network);
    return now;
  }
}
