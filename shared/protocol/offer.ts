/** What both WebSockets of Anteroom, that of a task and the control channel, read of a handshake. */

const isBlank = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '\t';

/**
 * The members of a list in a header (RFC 9110 §5.6.1). Not with an expression: those that take white space away at an end
 * take quadratic time on long runs of it, and this is read before anybody has shown a ticket.
 */
export function listMembers(value: string): string[] {
  return value.split(',').map((member) => {
    let start = 0;
    let end = member.length;
    while (start < end && isBlank(member, start)) start++;
    while (end > start && isBlank(member, end - 1)) end--;
    return member.slice(start, end);
  });
}

/** Whether pages of `origin` may connect. An absent origin is no browser. */
export function originAllowed(origin: string | undefined, allowed: readonly string[]): boolean {
  return origin === undefined || allowed.includes('*') || allowed.includes(origin);
}
