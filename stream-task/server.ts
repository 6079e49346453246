/** The relay as one server: HTTP routes and WebSockets on one port. */
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { TaskConfig } from '../shared/config/settings.ts';
import type { SecretSource } from '../shared/ports/secrets.ts';
import { MAX_CONTROL_BYTES } from '../shared/protocol/control.ts';
import { Addresses } from './addresses.ts';
import { countOne, createCounts, type Counts } from './counts.ts';
import type { Logger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { Pulse } from './pulse.ts';
import { Registry } from './registry.ts';
import type { RegistryEvents } from './registry-types.ts';
import { answerRequest } from './routes.ts';
import { attach, createHandshaker, turnAway } from './socket.ts';
import { TIMING, type Timing } from './timing.ts';
import { checkUpgrade } from './upgrade.ts';

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
  | 'MAX_SOCKETS_PER_ADDRESS'
>;

export interface RelayDeps {
  task_id: string;
  /** When the process started, ms since the Unix epoch. */
  started_at: number;
  secrets: SecretSource;
  log: Logger;
  events: RegistryEvents;
  timing?: Timing;
}

export interface Relay {
  /** The port that it listens on, also where PORT is 0. */
  readonly port: number;
  readonly registry: Registry;
  readonly counts: Counts;
  readonly metrics: MetricsRegistry;
  /** TCP connections that are open, WebSockets or not. */
  sockets(): number;
  /** Stops listening, ends every connection with 4503, and resolves when all sockets are closed. */
  close(): Promise<void>;
}

/** The handshake of a client with its credentials is under 1 KB; cookies of the page's site come on top. */
const MAX_HEADER_BYTES = 8 * 1024;
/** Sockets beyond the limit of an address that still get a 429 in place of being cut off. */
const ADDRESS_SLACK = 16;

/** Starts the relay. Rejects if the port is taken. */
export async function startRelay(config: RelayConfig, deps: RelayDeps): Promise<Relay> {
  const timing = deps.timing ?? TIMING;
  const counts = createCounts();
  const pulse = new Pulse(timing.tick);
  const registry = new Registry({
    room_capacity: config.ROOM_CAPACITY,
    connect_timeout: config.CONNECT_TIMEOUT,
    resume_grace: config.RESUME_GRACE,
    session: {
      messages_per_second: config.MESSAGE_RATE,
      bytes_per_second: config.BYTE_RATE,
      largest_message: config.MAX_FRAME_BYTES,
      send_budget: config.SEND_BUDGET,
    },
    limits: {
      max_frame_bytes: config.MAX_FRAME_BYTES,
      max_control_bytes: MAX_CONTROL_BYTES,
      messages_per_second: config.MESSAGE_RATE,
      bytes_per_second: config.BYTE_RATE,
      send_budget_bytes: config.SEND_BUDGET,
    },
    timing,
    counts,
    pulse,
    events: deps.events,
  });
  const { task_id, started_at, secrets, log } = deps;

  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: timing.handshake,
      requestTimeout: timing.handshake,
      connectionsCheckingInterval: timing.handshake_check,
      noDelay: true,
      // Anything else (such as `Upgrade: h2c`) is a plain request.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    (request, response) =>
      void answerRequest(request, response, { task_id, started_at, registry, secrets, metrics, log }),
  );
  const sockets = trackSockets(server, config.MAX_SOCKETS_PER_ADDRESS);
  const metrics = createMetrics(counts, {
    rooms: () => registry.rooms,
    clients: () => registry.clients,
    sockets: () => sockets.open.size,
  });
  const handshaker = createHandshaker(config.MAX_FRAME_BYTES, timing);

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const verdict = checkUpgrade(request, {
      allowed_origins: config.ALLOWED_ORIGINS,
      sockets: sockets.addresses.of(request.socket.remoteAddress ?? ''),
      max_sockets: config.MAX_SOCKETS_PER_ADDRESS,
    });
    if (verdict.kind === 'refused') {
      countOne(counts.refused, verdict.status);
      return refuseUpgrade(socket, verdict.status, verdict.detail);
    }
    handshaker.handleUpgrade(request, socket, head, (ws) => {
      const admission = registry.admit(verdict.credentials, verdict.protocol);
      if (admission.kind === 'admitted') return attach(ws, admission.open);
      countOne(counts.closes, admission.code);
      turnAway(ws, admission.code, admission.reason);
    });
  });

  const port = await listen(server, config.PORT);
  return {
    port,
    registry,
    counts,
    metrics,
    sockets: () => sockets.open.size,
    async close() {
      // First nobody can connect or register any more: a client that is sent away must not be sent back here.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      registry.stop();
      pulse.stop();
      server.closeIdleConnections();
      const cut = setTimeout(() => {
        for (const socket of sockets.open) socket.destroy();
      }, timing.close_wait);
      await closed;
      clearTimeout(cut);
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function trackSockets(server: Server, max: number): { addresses: Addresses; open: ReadonlySet<Socket> } {
  const addresses = new Addresses();
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      addresses.closed(address);
    });
    if (addresses.opened(address) > max + ADDRESS_SLACK) socket.destroy();
  });
  return { addresses, open };
}

function refuseUpgrade(socket: Duplex, status: number, detail: string): void {
  const body = `${detail}\n`;
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(status === 429 ? ['Retry-After: 5'] : []),
      '',
      body,
    ].join('\r\n'),
  );
}
