/** Addresses: whether the router may believe one that a task gives, and whom one stands for. */
import ipaddr from 'ipaddr.js';

/** Whether `text` is an IP address that is reachable from the internet: global unicast, neither private nor special. */
export function isPublicAddress(text: string): boolean {
  return ipaddr.isValid(text) && ipaddr.process(text).range() === 'unicast';
}

export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

/**
 * Whether the host of a task's url is the task's own: its address, or `<task_id>.<zone>`. Anything else would let a task
 * make the router call, and send clients to, hosts of others.
 */
export function hostBelongs(
  url: string,
  task: { task_id: string; instance_ip: string },
  zone: string | undefined,
): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  if (isAddress(host)) return ipaddr.process(host).toString() === ipaddr.process(task.instance_ip).toString();
  return zone !== undefined && host === `${task.task_id.toLowerCase()}.${zone}`;
}

/** Bits of an IPv6 address that a subscriber cannot choose: who is given more than the least (RFC 6177) counts as several. */
const SUBSCRIBER_BITS = 64;

/**
 * What is counted as one address: an IPv4 address, also mapped to IPv6, or the first 64 bits of an IPv6 address. What is no
 * address is taken as it is.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return ipaddr.fromByteArray(parsed.toByteArray().fill(0, SUBSCRIBER_BITS / 8)).toString();
}
