/** Whether the router may believe an address that a task gives, and call it. */
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
