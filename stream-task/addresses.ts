/** How many sockets each remote address holds open. */
import ipaddr from 'ipaddr.js';

/** Bits of an IPv6 address that a network gives to one subscriber (RFC 6177): the rest is theirs to choose. */
const SUBSCRIBER_BITS = 64;

/** What is counted as one address: an IPv4 address, also mapped to IPv6, or the first 64 bits of an IPv6 address. */
export function addressKey(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return ipaddr.fromByteArray(parsed.toByteArray().fill(0, SUBSCRIBER_BITS / 8)).toString();
}

export class Addresses {
  /** By {@link addressKey}. */
  readonly #open = new Map<string, number>();

  /** Sockets of `address` that are open now. */
  of(address: string): number {
    return this.#open.get(addressKey(address)) ?? 0;
  }

  opened(address: string): number {
    const now = this.of(address) + 1;
    this.#open.set(addressKey(address), now);
    return now;
  }

  closed(address: string): void {
    const now = this.of(address) - 1;
    if (now > 0) this.#open.set(addressKey(address), now);
    else this.#open.delete(addressKey(address));
  }
}
