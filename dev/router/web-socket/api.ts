/**
 * The WebSocket API in front of the handlers, with the semantics of API Gateway's. Sources: API Gateway developer guide, "Working
 * with WebSocket APIs" and "Quotas for WebSocket APIs". Left out: throttling, and the 32 KB limit of a single frame.
 */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Application } from '../gateway.ts';
import { failureLine, invoke, type InvokeResult } from '../invoke.ts';
import { connectEvent, disconnectEvent, messageEvent, newConnectionId, routeOf, type Peer } from './event.ts';

/** Largest message, in both directions. */
export const MOST_MESSAGE_BYTES = 128 * 1024;
/** Codes of RFC 6455 §7.4.1. */
const GOING_AWAY = 1_001;
const NOT_ACCEPTABLE = 1_003;
const NORMAL = 1_000;
/** How long a peer may take for the closing handshake, ms. */
const CLOSING_MS = 2_000;

export interface SocketLimits {
  /** A connection ends when nothing was sent for so long, either way. */
  idle_ms: number;
  /** … and after so long in any case. */
  duration_ms: number;
}

export const API_GATEWAY_LIMITS: SocketLimits = { idle_ms: 10 * 60_000, duration_ms: 2 * 3_600_000 };

export interface WebSocketApiOptions {
  region: string;
  /** Last part of the address, as the stage of a deployment is. */
  stage: string;
  application: () => Application;
  print: (line: string) => void;
  limits?: SocketLimits;
}

/** A connection that is open. */
export interface OpenConnection {
  readonly peer: Peer;
  readonly last_active_at: number;
  send(text: string): void;
  close(): void;
}

export interface WebSocketApi {
  /** False if the request is not for this API. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): boolean;
  /** One that is still being made is none yet. */
  connection(connection_id: string): OpenConnection | undefined;
  readonly stage: string;
}

interface Answer {
  status: number;
  protocol: string | undefined;
}

/** What a function's answer to `$connect` means for the handshake. */
function answerOf(result: InvokeResult): Answer {
  if (result.kind !== 'returned')
    return { status: result.kind === 'timed_out' ? 504 : 502, protocol: undefined };
  const { statusCode, headers = {} } = (result.value ?? {}) as {
    statusCode?: unknown;
    headers?: Record<string, unknown>;
  };
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) return { status: 502, protocol: undefined };
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'sec-websocket-protocol');
  return { status, protocol: name === undefined ? undefined : String(headers[name]) };
}

export function webSocketApi(options: WebSocketApiOptions): WebSocketApi {
  const { region, stage, application, print, limits = API_GATEWAY_LIMITS } = options;
  const open = new Map<string, OpenConnection>();
  /** What the function selected for a handshake under way. */
  const selected = new WeakMap<IncomingMessage, string | undefined>();
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
    // The function selects, and API Gateway hands that on as it is.
    handleProtocols: (_, request) => selected.get(request) ?? false,
  });

  async function call(route: string, event: unknown): Promise<InvokeResult> {
    const { manifest, handlers } = application();
    const name = manifest.sockets.routes.get(route);
    const spec = manifest.functions.find((candidate) => candidate.name === name);
    const handler = name === undefined ? undefined : handlers.get(name);
    if (spec === undefined || handler === undefined) return { kind: 'returned', value: { statusCode: 200 } };
    const result = await invoke(handler, spec, event, region);
    if (result.kind !== 'returned') print(failureLine(spec, result));
    return result;
  }

  async function take(peer: Peer, socket: WebSocket, text: string): Promise<void> {
    const { sockets } = application().manifest;
    const route = routeOf(text, sockets.selection, sockets.routes);
    const event = messageEvent(peer, route ?? '$default', text);
    const result = route === undefined ? undefined : await call(route, event);
    if (result?.kind === 'returned') return;
    const message = result === undefined ? 'Forbidden' : 'Internal server error';
    const { connectionId, requestId } = event.requestContext;
    socket.send(JSON.stringify({ message, connectionId, requestId }));
  }

  /** Keeps a connection until it ends. */
  function keep(peer: Peer, socket: WebSocket): void {
    let last_active_at = Date.now();
    let idle: NodeJS.Timeout | undefined;
    const end = (code: number, reason: string): void => {
      socket.close(code, reason);
      setTimeout(() => socket.terminate(), CLOSING_MS).unref();
    };
    const active = (): void => {
      last_active_at = Date.now();
      clearTimeout(idle);
      idle = setTimeout(() => end(GOING_AWAY, 'Going away'), limits.idle_ms).unref();
    };
    const old = setTimeout(() => end(GOING_AWAY, 'Going away'), limits.duration_ms).unref();
    active();
    open.set(peer.connection_id, {
      peer,
      get last_active_at() {
        return last_active_at;
      },
      send(text) {
        active();
        socket.send(text);
      },
      close: () => end(NORMAL, 'Connection Closed Normally'),
    });
    socket.on('message', (data: Buffer, binary: boolean) => {
      // "API Gateway rejects it and disconnects the client with code 1003" ("Working with binary media types").
      if (binary) return end(NOT_ACCEPTABLE, 'Binary frames are not supported');
      active();
      void take(peer, socket, data.toString());
    });
    // What ends the connection is told by its close.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      clearTimeout(idle);
      clearTimeout(old);
      open.delete(peer.connection_id);
      void call('$disconnect', disconnectEvent(peer, code, reason.toString()));
    });
  }

  async function connect(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const started = performance.now();
    const peer: Peer = {
      connection_id: newConnectionId(),
      connected_at: Date.now(),
      source_ip: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
      user_agent: request.headers['user-agent'] ?? '',
      domain: request.headers.host ?? 'localhost',
      stage,
    };
    const { status, protocol } = answerOf(await call('$connect', connectEvent(peer, request)));
    print(`$connect ${status} ${Math.round(performance.now() - started)} ms`);
    if (status >= 300) {
      stream.once('finish', () => stream.destroy());
      stream.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    if (stream.destroyed) return void call('$disconnect', disconnectEvent(peer, 1_006, ''));
    selected.set(request, protocol);
    let upgraded = false;
    stream.once('close', () => {
      if (!upgraded) void call('$disconnect', disconnectEvent(peer, 1_006, ''));
    });
    server.handleUpgrade(request, stream, head, (socket) => {
      upgraded = true;
      keep(peer, socket);
    });
  }

  return {
    stage,
    connection: (connection_id) => open.get(connection_id),
    upgrade(request, stream, head) {
      const path = (request.url ?? '/').split('?', 1)[0]!;
      if (application().manifest.sockets.routes.size === 0) return false;
      if (path !== `/${stage}` && path !== `/${stage}/`) return false;
      connect(request, stream, head).catch((error: unknown) => {
        print(`a connection of the control channel broke: ${String(error)}`);
        stream.destroy();
      });
      return true;
    },
  };
}
