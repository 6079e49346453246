/** The relay as one server: HTTP routes and WebSockets on one port. */
import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { TaskConfig } from '../shared/config/settings.ts';
import type { SecretSource } from '../shared/ports/secrets.ts';
import type { DrainResponse } from '../shared/protocol/api.ts';
import { MAX_CONTROL_BYTES } from '../shared/protocol/control.ts';
import { Connections } from './connections.ts';
import { countOne, createCounts, type Counts } from './counts.ts';
import type { Logger } from './log.ts';
import { Connection, type LaneHost } from './lane/connection.ts';
import { selfTest } from './lane/self-test.ts';
import { createMetrics } from './metrics.ts';
import { Pulse } from './pulse.ts';
import { Registry } from './registry.ts';
import type { RegistryEvents } from './registry-types.ts';
import { answerRequest } from './routes.ts';
import { attach, createHandshaker, READ_AFTER_CLOSE_BYTES, readerLimits, turnAway } from './socket.ts';
import { TIMING, type Timing } from './timing.ts';
import { Turns } from './turns.ts';
import { checkUpgrade, WEBSOCKET_VERSION } from './upgrade.ts';

/** The settings that the relay itself reads. */
export type RelayConfig = Pick<
  TaskConfig,
  | 'PORT'
  | 'ROOM_CAPACITY'
  | 'CONNECT_TIMEOUT'
  | 'RESUME_GRACE'
  | 'ALLOWED_ORIGINS'
  | 'MAX_FRAME_BYTES'
  | 'MESSAGE_RATE'
  | 'BYTE_RATE'
  | 'SEND_BUDGET'
  | 'LANE'
  | 'MAX_SOCKETS_PER_ADDRESS'
>;

export interface RelayDeps {
  task_id: string;
  /** When the process started, ms since the Unix epoch. */
  started_at: number;
  secrets: SecretSource;
  log: Logger;
  events: RegistryEvents;
  /** `POST /drain`: the task begins to end, unless it does already. Default: there is no such route. */
  drain?: () => DrainResponse;
  timing?: Timing;
  /** Connections at once that have shown neither a ticket nor a token. Default: {@link MAX_NEWCOMERS}. */
  max_newcomers?: number;
  /** Serve TLS with this certificate and its key, PEM. Default: plain TCP. */
  tls?: { cert: string; key: string };
}

export interface Relay {
  /** The port that it listens on, also where PORT is 0. */
  readonly port: number;
  readonly registry: Registry;
  /** Tells when the process stood still. */
  readonly pulse: Pulse;
  readonly counts: Counts;
  readonly metrics: MetricsRegistry;
  /** TCP connections that are open, WebSockets or not. */
  sockets(): number;
  /** Stops listening, ends every connection with 4503, and resolves when all sockets are closed. */
  close(): Promise<void>;
}

const NOTHING = Buffer.alloc(0);

/** The handshake of a client with its credentials is under 1 KB; cookies of the page's site come on top. */
const MAX_HEADER_BYTES = 8 * 1024;
/** Some 15 KB each, while they come and go up to 50; when a task dies, thousands of its clients may come here within a second. */
const MAX_NEWCOMERS = 4_096;

/**
 * Connections that the kernel takes for us meanwhile: one more must knock again, a second later. By default 511, which is
 * 50 ms of a crowd that a dead task leaves.
 */
const BACKLOG = 1_024;

/** Starts the relay. Rejects if the port is taken. */
export async function startRelay(config: RelayConfig, deps: RelayDeps): Promise<Relay> {
  const timing = deps.timing ?? TIMING;
  const counts = createCounts();
  const pulse = new Pulse(timing.tick, timing.stall);
  const turns = new Turns();
  const registry = new Registry({
    room_capacity: config.ROOM_CAPACITY,
    connect_timeout: config.CONNECT_TIMEOUT,
    resume_grace: config.RESUME_GRACE,
    host: {
      limits: {
        messages_per_second: config.MESSAGE_RATE,
        bytes_per_second: config.BYTE_RATE,
        largest_message: config.MAX_FRAME_BYTES,
        send_budget: config.SEND_BUDGET,
      },
      timing,
      counts,
      pulse,
      turns,
    },
    limits: {
      max_frame_bytes: config.MAX_FRAME_BYTES,
      max_control_bytes: MAX_CONTROL_BYTES,
      messages_per_second: config.MESSAGE_RATE,
      bytes_per_second: config.BYTE_RATE,
      send_budget_bytes: config.SEND_BUDGET,
    },
    events: deps.events,
  });
  const { task_id, started_at, secrets, log } = deps;

  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: timing.handshake,
    requestTimeout: timing.handshake,
    connectionsCheckingInterval: timing.handshake_check,
    noDelay: true,
    // Anything else (such as `Upgrade: h2c`) is a plain request.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    if (!connections.asked(socket)) return;
    response.once('close', () => connections.answered(socket));
    const proven = (): void => connections.proven(socket);
    const { drain } = deps;
    void answerRequest(request, response, {
      task_id,
      started_at,
      registry,
      secrets,
      metrics,
      log,
      drain,
      proven,
    });
  };
  const server: Server =
    deps.tls === undefined
      ? createServer(options, answer)
      : createSecureServer({ ...options, ...deps.tls, handshakeTimeout: timing.handshake }, answer);
  // Of plain HTTP alone: a WebSocket has pings for that.
  server.setTimeout(timing.standstill);
  const connections = new Connections(
    server,
    {
      per_address: config.MAX_SOCKETS_PER_ADDRESS,
      newcomers: deps.max_newcomers ?? MAX_NEWCOMERS,
    },
    counts,
  );
  const metrics = createMetrics(counts, {
    rooms: () => registry.rooms,
    clients: () => registry.clients,
    sockets: () => connections.size,
  });
  const handshaker = createHandshaker(config.MAX_FRAME_BYTES, timing);
  const lane = await fastLane(config, deps, {
    turns,
    limits: readerLimits(config.MAX_FRAME_BYTES),
    close_wait: timing.close_wait,
    read_after_close: READ_AFTER_CLOSE_BYTES,
    ended: (connection) => connections.ended(connection),
  });

  const refuse = (socket: Duplex, status: number, detail: string): void => {
    countOne(counts.refused, status);
    refuseStream(socket, status, detail, timing.close_wait);
  };
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    if (connections.handedOver(request.socket)) refuse(socket, 405, 'This is no proxy');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!connections.handedOver(request.socket)) return;
    const verdict = checkUpgrade(request, {
      allowed_origins: config.ALLOWED_ORIGINS,
      sockets: connections.ofAddress(request.socket),
      max_sockets: config.MAX_SOCKETS_PER_ADDRESS,
    });
    if (verdict.kind === 'refused') return refuse(socket, verdict.status, verdict.detail);
    handshaker.handleUpgrade(request, socket, NOTHING, (ws) => {
      const admission = registry.admit(verdict.credentials, verdict.protocol);
      if (admission.kind === 'admitted') {
        connections.proven(request.socket);
        const taken = lane === undefined ? undefined : Connection.take(lane, request.socket);
        if (taken !== undefined) {
          connections.continueAs(request.socket, taken);
          return taken.start(head, admission.open);
        }
        turns.read();
        attach(ws, socket, turns, admission.open);
      } else {
        countOne(counts.closes, admission.code);
        turnAway(ws, socket, admission.code, admission.reason);
      }
      // Now that somebody listens: `ws` reads already, so that it may be told of this within the call.
      if (head.length > 0) socket.unshift(head);
    });
  });

  const port = await listen(server, config.PORT);
  // Such as too many open files: this connection is not taken, the others go on.
  server.on('error', (error) => log.error({ err: error }, 'a connection could not be taken'));
  return {
    port,
    registry,
    pulse,
    counts,
    metrics,
    sockets: () => connections.size,
    async close() {
      // First nobody can connect or register any more: a client that is sent away must not be sent back here.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      registry.stop();
      pulse.stop();
      server.closeIdleConnections();
      const cut = setTimeout(() => connections.destroyAll(), timing.close_wait);
      // The server knows nothing of those that the fast lane has taken over.
      await Promise.all([closed, connections.allEnded()]);
      clearTimeout(cut);
    },
  };
}

/** `host`, if connections are to take the fast lane and it works here. */
async function fastLane(config: RelayConfig, deps: RelayDeps, host: LaneHost): Promise<LaneHost | undefined> {
  if (config.LANE === 'ws') return undefined;
  const fault = await selfTest();
  if (fault === undefined) return host;
  deps.log.warn({ fault, node: process.version }, 'the fast lane does not work on this Node: using ws');
  return undefined;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Answers in place of the upgrade. What the peer still sends is thrown away, so that the answer reaches it. */
function refuseStream(stream: Duplex, status: number, detail: string, close_wait: number): void {
  const body = `${detail}\n`;
  const cut = setTimeout(() => stream.destroy(), close_wait);
  stream.once('close', () => clearTimeout(cut));
  stream.on('error', () => stream.destroy());
  stream.resume();
  stream.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(status === 405 ? ['Allow: GET'] : []),
      ...(status === 426 ? ['Upgrade: websocket', `Sec-WebSocket-Version: ${WEBSOCKET_VERSION}`] : []),
      ...(status === 429 ? ['Retry-After: 5'] : []),
      '',
      body,
    ].join('\r\n'),
  );
}
