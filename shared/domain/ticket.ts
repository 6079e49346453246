/**
 * Tickets: HMAC-SHA-256(router secret, "ticket" ‖ room id ‖ client id ‖ creation time of the room), base64url. The
 * same client of the same room always has the same ticket, so a grant can be given again without storing the ticket;
 * only its SHA-256 is stored and sent to tasks.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The ticket of a client: 43 characters of base64url. `created_at` is the room's, ms. */
export function issueTicket(
  secret: string,
  client: { room_id: string; client_id: string; created_at: number },
): string {
  return createHmac('sha256', secret)
    .update(`ticket\0${client.room_id}\0${client.client_id}\0${client.created_at}`)
    .digest('base64url');
}

/** SHA-256 of a ticket, base64url: what is stored. */
export function ticketHash(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64url');
}

/** Whether `ticket` has this hash, in constant time. */
export function ticketMatches(ticket: string, hash: string): boolean {
  const given = createHash('sha256').update(ticket).digest();
  const expected = Buffer.from(hash, 'base64url');
  return expected.length === given.length && timingSafeEqual(given, expected);
}
