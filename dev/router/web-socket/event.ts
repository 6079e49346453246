/**
 * The events of an API Gateway WebSocket API. Source: API Gateway developer guide, "Lambda proxy integration for WebSocket APIs"
 * and "The $connect and $disconnect routes".
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What is known of a connection, for every event of it. */
export interface Peer {
  connection_id: string;
  connected_at: number;
  source_ip: string;
  user_agent: string;
  /** Host and port that it was opened at. */
  domain: string;
  stage: string;
}

/** Ids look like those of API Gateway: base64 with `=` at the end, which is encoded where it is part of a path. */
export const newConnectionId = (): string => `${randomBytes(11).toString('base64url')}=`;

type EventType = 'CONNECT' | 'MESSAGE' | 'DISCONNECT';

function contextOf(peer: Peer, routeKey: string, eventType: EventType) {
  const requestId = randomBytes(11).toString('base64');
  return {
    routeKey,
    eventType,
    messageDirection: 'IN',
    connectionId: peer.connection_id,
    connectedAt: peer.connected_at,
    requestId,
    extendedRequestId: requestId,
    requestTimeEpoch: Date.now(),
    stage: peer.stage,
    domainName: peer.domain,
    apiId: 'local',
    identity: { sourceIp: peer.source_ip, userAgent: peer.user_agent },
  };
}

/** Header names come as they were sent, each with its last value, and with all of them. */
function headersOf({ rawHeaders }: IncomingMessage) {
  const multiValueHeaders: Record<string, string[]> = {};
  for (let at = 0; at < rawHeaders.length; at += 2) {
    (multiValueHeaders[rawHeaders[at]!] ??= []).push(rawHeaders[at + 1]!);
  }
  const headers = Object.fromEntries(
    Object.entries(multiValueHeaders).map(([name, values]) => [name, values.at(-1)!]),
  );
  return { headers, multiValueHeaders };
}

export const connectEvent = (peer: Peer, request: IncomingMessage) => ({
  ...headersOf(request),
  requestContext: contextOf(peer, '$connect', 'CONNECT'),
  isBase64Encoded: false,
});

export const messageEvent = (peer: Peer, route: string, body: string) => ({
  requestContext: { ...contextOf(peer, route, 'MESSAGE'), messageId: randomUUID() },
  body,
  isBase64Encoded: false,
});

export const disconnectEvent = (peer: Peer, code: number, reason: string) => ({
  headers: { Host: peer.domain },
  requestContext: {
    ...contextOf(peer, '$disconnect', 'DISCONNECT'),
    disconnectStatusCode: code,
    disconnectReason: reason,
  },
  isBase64Encoded: false,
});

/** The route of a message: the value of its field `selection`, if there is such a route, else `$default`, if there is that. */
export function routeOf(
  body: string,
  selection: string,
  routes: ReadonlyMap<string, string>,
): string | undefined {
  let value: unknown;
  try {
    const message = JSON.parse(body) as unknown;
    if (typeof message === 'object' && message !== null && Object.hasOwn(message, selection)) {
      value = (message as Record<string, unknown>)[selection];
    }
  } catch {
    // What is not JSON has no field.
  }
  if (typeof value === 'string' && !value.startsWith('$') && routes.has(value)) return value;
  return routes.has('$default') ? '$default' : undefined;
}
