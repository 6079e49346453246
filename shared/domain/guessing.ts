/** Room ids are short, so they can be guessed: joins that find no room are counted for each source, and limited. */
import { createHmac } from 'node:crypto';
import ipaddr from 'ipaddr.js';

/** Failures of one source within one window, which ends at `until` (ms). */
export interface Failures {
  failures: number;
  until: number;
}

/**
 * The network that an address speaks for: an IPv4 address itself, and of an IPv6 address its first 64 bits, since a host
 * chooses the others at will (RFC 4291 §2.5.4). What is no address is taken as it is.
 */
export function sourceNetwork(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const high = (parsed as ipaddr.IPv6).parts.slice(0, 4);
  return `${high.map((part) => part.toString(16)).join(':')}::/64`;
}

/** The name under which failures are counted: it cannot be read back without the router secret. */
export function sourceName(secret: string, address: string, what: 'join' | 'resume'): string {
  return createHmac('sha256', secret)
    .update(`source\0${what}\0${sourceNetwork(address)}`)
    .digest('base64url');
}

/** How many milliseconds `seen` keeps its source from trying again; 0: it may. */
export function blockedFor(seen: Failures | undefined, limit: number, now: number): number {
  return seen === undefined || seen.failures < limit ? 0 : Math.max(0, seen.until - now);
}
