/** What is checked of a WebSocket handshake before it is answered with 101. Pure. */
import {
  parseCredentialsToken,
  PROTOCOLS,
  type Credentials,
  type Protocol,
} from '../shared/protocol/subprotocol.ts';

/** What is read of the request. Header names are in lower case. */
export interface UpgradeRequest {
  headers: { origin?: string | undefined; 'sec-websocket-protocol'?: string | undefined };
}

export type UpgradeVerdict =
  | { kind: 'proceed'; protocol: Protocol; credentials: Credentials }
  /** Answered with this HTTP status and sentence in place of 101. */
  | { kind: 'refused'; status: number; detail: string };

/** Whether pages of `origin` may connect. An absent origin is no browser. */
export function originAllowed(origin: string | undefined, allowed: readonly string[]): boolean {
  return origin === undefined || allowed.includes('*') || allowed.includes(origin);
}

/**
 * Checks origin and grammar. `sockets`: those that the remote address holds open, this one included.
 */
export function checkUpgrade(
  request: UpgradeRequest,
  limits: { allowed_origins: readonly string[]; sockets: number; max_sockets: number },
): UpgradeVerdict {
  if (limits.sockets > limits.max_sockets) {
    return { kind: 'refused', status: 429, detail: 'Too many connections from this address' };
  }
  if (!originAllowed(request.headers.origin, limits.allowed_origins)) {
    return { kind: 'refused', status: 403, detail: 'This origin is not allowed here (ALLOWED_ORIGINS)' };
  }
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((token) => token.trim());
  const protocol = PROTOCOLS.find((known) => known === offered[0]);
  if (protocol === undefined) {
    return {
      kind: 'refused',
      status: 400,
      detail: `The first subprotocol must be one of ${PROTOCOLS.join(', ')}`,
    };
  }
  const credentials = offered.length === 2 ? parseCredentialsToken(offered[1]!) : undefined;
  if (credentials === undefined) {
    return {
      kind: 'refused',
      status: 400,
      detail: 'The second and last subprotocol must be <room_id>.<client_id>.<ticket>',
    };
  }
  return { kind: 'proceed', protocol, credentials };
}
