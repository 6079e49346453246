/**
 * The handshake: `new WebSocket(url, [PROTOCOL, "<room_id>.<client_id>.<ticket>"])`.
 *
 * Browsers cannot set headers on a WebSocket, so the pair and its ticket travel as a second subprotocol token
 * (RFC 6455 §4.1: each is an HTTP token; digits, hex, "-", "_" and "." are all token characters). The relay selects
 * PROTOCOL only, so the ticket is never echoed.
 */
export const PROTOCOLS = ['anteroom.v1', 'anteroom.raw.v1'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** A room id: decimal digits, always a string ("00157" is not 157). `ROOM_ID_DIGITS` says how many. */
export const ROOM_ID = /^[0-9]{4,12}$/;
/** A client id: a UUID in lower case (RFC 9562 §4). Public within the room. */
export const CLIENT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** A ticket: 32 bytes in base64url without padding. Secret: it opens the client's socket. */
export const TICKET = /^[A-Za-z0-9_-]{43}$/;

export interface Credentials {
  room_id: string;
  client_id: string;
  ticket: string;
}

/** The second subprotocol token of a client's handshake. */
export function credentialsToken({ room_id, client_id, ticket }: Credentials): string {
  return `${room_id}.${client_id}.${ticket}`;
}

/** Reads a credentials token; undefined if it does not match the grammar. */
export function parseCredentialsToken(token: string): Credentials | undefined {
  const parts = token.split('.');
  const [room_id, client_id, ticket] = parts;
  if (parts.length !== 3 || room_id === undefined || client_id === undefined || ticket === undefined)
    return undefined;
  if (!ROOM_ID.test(room_id) || !CLIENT_ID.test(client_id) || !TICKET.test(ticket)) return undefined;
  return { room_id, client_id, ticket };
}
