/**
 * The endpoint through which the connections of a WebSocket API are spoken to, on its wire protocol (REST JSON). Source: API
 * Gateway Management API reference: PostToConnection, GetConnection, DeleteConnection.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MOST_MESSAGE_BYTES, type OpenConnection, type WebSocketApi } from './api.ts';

interface Answer {
  status: number;
  /** Name of the exception. */
  error?: string;
  body?: unknown;
}

/** Undefined if it is larger than a message may be; the rest is read and forgotten. */
async function readMessage(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MOST_MESSAGE_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return length > MOST_MESSAGE_BYTES ? undefined : Buffer.concat(chunks).toString();
}

const GONE: Answer = { status: 410, error: 'GoneException' };

function identityOf({ peer, last_active_at }: OpenConnection) {
  return {
    connectedAt: new Date(peer.connected_at).toISOString(),
    identity: { sourceIp: peer.source_ip, userAgent: peer.user_agent },
    lastActiveAt: new Date(last_active_at).toISOString(),
  };
}

async function answerTo(api: WebSocketApi, request: IncomingMessage, encoded_id: string): Promise<Answer> {
  const message = await readMessage(request);
  // The signature is not checked, only that the client signs for this very service (SigV4 credential scope).
  const { authorization = '' } = request.headers;
  if (!/^AWS4-HMAC-SHA256 Credential=[^,]+\/execute-api\/aws4_request,/.test(authorization)) {
    return { status: 403, error: 'ForbiddenException', body: { message: 'Forbidden' } };
  }
  // Looked up when the message is there.
  const connection = api.connection(decodeURIComponent(encoded_id));
  switch (request.method) {
    case 'POST':
      if (message === undefined) {
        const body = { message: 'Payload exceeds the maximum size' };
        return { status: 413, error: 'PayloadTooLargeException', body };
      }
      connection?.send(message);
      return connection === undefined ? GONE : { status: 200 };
    case 'GET':
      return connection === undefined ? GONE : { status: 200, body: identityOf(connection) };
    case 'DELETE':
      connection?.close();
      return connection === undefined ? GONE : { status: 204 };
    default:
      return { status: 403, error: 'ForbiddenException', body: { message: 'Forbidden' } };
  }
}

/** Answers a request for a connection of `api`; false if it is for something else. */
export function answerConnections(
  api: WebSocketApi,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const prefix = `/${api.stage}/@connections/`;
  const path = (request.url ?? '/').split('?', 1)[0]!.replace('%40', '@');
  if (!path.startsWith(prefix)) return false;
  answerTo(api, request, path.slice(prefix.length)).then(
    ({ status, error, body }) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      response
        .writeHead(status, {
          'x-amzn-requestid': randomUUID(),
          'content-type': 'application/json',
          ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(text) }),
          ...(error === undefined ? {} : { 'x-amzn-errortype': error }),
        })
        .end(text);
    },
    () => response.destroy(),
  );
  return true;
}
