/** What is checked of a WebSocket handshake before it is answered with 101. Pure. */
import { listMembers, originAllowed } from '../shared/protocol/offer.ts';
import {
  parseCredentialsToken,
  PROTOCOLS,
  type Credentials,
  type Protocol,
} from '../shared/protocol/subprotocol.ts';

/** What is read of the request. Header names are in lower case; each has the values of all its fields. */
export interface UpgradeRequest {
  method?: string | undefined;
  httpVersionMajor: number;
  httpVersionMinor: number;
  headersDistinct: Readonly<Record<string, string[] | undefined>>;
}

export type UpgradeVerdict =
  | { kind: 'proceed'; protocol: Protocol; credentials: Credentials }
  /** Answered with this HTTP status and sentence in place of 101. */
  | { kind: 'refused'; status: number; detail: string };

/** The one version of the protocol (RFC 6455 §4.2.1). */
export const WEBSOCKET_VERSION = '13';
/** 16 bytes in base64 (RFC 6455 §4.2.1). */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

const refused = (status: number, detail: string): UpgradeVerdict => ({ kind: 'refused', status, detail });

/** What RFC 6455 §4.2.1 asks of any handshake; undefined if it is one. */
function handshakeFault(request: UpgradeRequest): UpgradeVerdict | undefined {
  const { method, httpVersionMajor, httpVersionMinor, headersDistinct } = request;
  if (method !== 'GET') return refused(405, 'A WebSocket handshake is a GET request');
  if (httpVersionMajor !== 1 || httpVersionMinor < 1)
    return refused(400, 'A WebSocket handshake is HTTP/1.1');
  const { host = [], 'sec-websocket-version': version = [], 'sec-websocket-key': key = [] } = headersDistinct;
  // Node asks for it (RFC 9112 §3.2) in plain requests alone.
  if (host.length !== 1) return refused(400, 'Send one Host');
  if (version.length !== 1 || version[0] !== WEBSOCKET_VERSION) {
    return refused(426, `Send Sec-WebSocket-Version: ${WEBSOCKET_VERSION}`);
  }
  if (key.length !== 1 || !KEY.test(key[0]!)) {
    return refused(400, 'Send one Sec-WebSocket-Key: 16 bytes in base64');
  }
  return undefined;
}

/**
 * Checks limit, handshake, origin and grammar. `sockets`: those that the remote address holds open, this one included.
 */
export function checkUpgrade(
  request: UpgradeRequest,
  limits: { allowed_origins: readonly string[]; sockets: number; max_sockets: number },
): UpgradeVerdict {
  if (limits.sockets > limits.max_sockets) return refused(429, 'Too many connections from this address');
  const fault = handshakeFault(request);
  if (fault !== undefined) return fault;
  const { origin = [], 'sec-websocket-protocol': fields = [] } = request.headersDistinct;
  if (origin.length > 1 || !originAllowed(origin[0], limits.allowed_origins)) {
    return refused(403, 'This origin is not allowed here (ALLOWED_ORIGINS)');
  }
  const offered = listMembers(fields.join(','));
  const protocol = PROTOCOLS.find((known) => known === offered[0]);
  if (protocol === undefined) {
    return refused(400, `The first subprotocol must be one of ${PROTOCOLS.join(', ')}`);
  }
  const credentials = offered.length === 2 ? parseCredentialsToken(offered[1]!) : undefined;
  if (credentials === undefined) {
    return refused(400, 'The second and last subprotocol must be <room_id>.<client_id>.<ticket>');
  }
  return { kind: 'proceed', protocol, credentials };
}
