/** A relay in this process, clients on real sockets, and a router that only listens and answers. */
import { randomBytes, randomUUID } from 'node:crypto';
import { WebSocket, type ClientOptions, type RawData } from 'ws';
import { createLog } from '../../stream-task/log.ts';
import type { Connect } from '../../stream-task/registry-types.ts';
import { startRelay, type Relay, type RelayConfig, type RelayDeps } from '../../stream-task/server.ts';
import { TIMING, type Timing } from '../../stream-task/timing.ts';
import { ticketHash } from '../../shared/domain/ticket.ts';
import { authorize, ROUTER } from '../../shared/domain/token.ts';
import type { RouterSecret, SecretSource } from '../../shared/ports/secrets.ts';
import type { RegisterRequest, RemoveClientRequest } from '../../shared/protocol/api.ts';
import type { RelayControl, Welcome } from '../../shared/protocol/control.ts';
import { credentialsToken, type Protocol } from '../../shared/protocol/subprotocol.ts';
import { eventually, Inbox } from './inbox.ts';

export const SECRET: RouterSecret = { current: 'a secret of the tests' };
export const secrets: SecretSource = { get: () => Promise.resolve(SECRET) };
export const quiet = createLog('fatal');

export const RELAY_CONFIG: RelayConfig = {
  PORT: 0,
  ROOM_CAPACITY: 100,
  CONNECT_TIMEOUT: 30_000,
  RESUME_GRACE: 15_000,
  ALLOWED_ORIGINS: ['*'],
  MAX_FRAME_BYTES: 65_536,
  MESSAGE_RATE: 100_000,
  BYTE_RATE: 1_000_000_000,
  SEND_BUDGET: 1_048_576,
  // `npm run test:full` runs all tests on the one, then on the other.
  LANE: process.env['LANE'] === 'ws' ? 'ws' : 'fast',
  MAX_SOCKETS_PER_ADDRESS: 500,
};

/** A client as the router knows it. */
export interface TestClient {
  client_id: string;
  ticket: string;
}

export function newClient(): TestClient {
  return { client_id: randomUUID(), ticket: randomBytes(32).toString('base64url') };
}

let rooms = 10_000;
/** A room id that no other test of this process has. */
export function newRoomId(): string {
  return String(rooms++);
}

/** What a register says of `client`. */
export function seatOf(
  client: TestClient,
  generation = 1,
  connect_in_ms = 30_000,
): RegisterRequest['clients'][number] {
  const ticket_hash = ticketHash(client.ticket);
  return { client_id: client.client_id, ticket_hash, generation, connect_by: Date.now() + connect_in_ms };
}

/** One call of the router to a task, with a valid token unless `authorization` says otherwise. */
export async function callTask(
  task: { port: number; task_id: string },
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const authorization = await authorize(
    { issuer: ROUTER, audience: task.task_id, subject: task.task_id },
    { method, path: path.split('?')[0]!, body: text },
    SECRET,
    Date.now(),
  );
  const response = await fetch(`http://127.0.0.1:${task.port}${path}`, {
    method,
    // One call, one socket: a kept one would be counted with those of the clients.
    headers: {
      authorization,
      connection: 'close',
      ...(text === '' ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(text === '' ? {} : { body: text }),
  });
  const answer = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    body: isJson ? (JSON.parse(answer) as Record<string, unknown>) : { text: answer },
    headers: response.headers,
  };
}

export interface TestRelay extends AsyncDisposable {
  readonly relay: Relay;
  readonly port: number;
  readonly task_id: string;
  readonly started_at: number;
  readonly url: string;
  readonly connects: Connect[];
  readonly removals: RemoveClientRequest[];
  /** Registers clients in a room over HTTP, at epoch 1 and with generation 1 unless `request` says otherwise. */
  register(room_id: string, clients: TestClient[], request?: Partial<RegisterRequest>): Promise<void>;
  /** Opens a socket of `client`. */
  connect(room_id: string, client: TestClient, protocol?: Protocol, options?: ClientOptions): Promise<Peer>;
  /** A room of `count` clients that are all connected; in a v1 room their welcomes and joins are read already. */
  room(
    count: number,
    protocol?: Protocol,
  ): Promise<{ room_id: string; clients: TestClient[]; peers: Peer[] }>;
}

/** Starts a relay on a free port. */
export async function startTestRelay(
  config: Partial<RelayConfig> = {},
  timing: Partial<Timing> = {},
  more: Pick<RelayDeps, 'tls' | 'max_newcomers'> = {},
): Promise<TestRelay> {
  const task_id = randomUUID();
  const started_at = Date.now();
  const connects: Connect[] = [];
  const removals: RemoveClientRequest[] = [];
  const relay = await startRelay(
    { ...RELAY_CONFIG, ...config },
    {
      task_id,
      started_at,
      secrets,
      log: quiet,
      timing: { ...TIMING, ...timing },
      events: {
        connected: (connect) => connects.push(connect),
        removed: (removal) => removals.push(removal),
      },
      ...more,
    },
  );
  const opened: Peer[] = [];
  const test: TestRelay = {
    relay,
    port: relay.port,
    task_id,
    started_at,
    url: `${more.tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${relay.port}`,
    connects,
    removals,
    async register(room_id, clients, request = {}) {
      const { status, body } = await callTask(test, 'POST', '/register', {
        room_id,
        created_at: 1,
        epoch: 1,
        max_clients: 10,
        clients: clients.map((client) => seatOf(client)),
        ...request,
      });
      if (status !== 200) throw new Error(`register answered ${status}: ${JSON.stringify(body)}`);
    },
    async connect(room_id, client, protocol = 'anteroom.v1', options = {}) {
      const peer = await Peer.open(test.url, [protocol, credentialsToken({ room_id, ...client })], options);
      opened.push(peer);
      return peer;
    },
    async room(count, protocol = 'anteroom.v1') {
      const room_id = newRoomId();
      const clients = Array.from({ length: count }, newClient);
      await test.register(room_id, clients, { max_clients: Math.max(count, 10) });
      const peers: Peer[] = [];
      for (const client of clients) {
        const peer = await test.connect(room_id, client, protocol);
        if (protocol === 'anteroom.v1') {
          await peer.welcomed();
          for (const other of peers) await other.control('joined');
        } else {
          // Nothing is said in a raw room: the relay itself tells when the socket is part of it.
          await eventually(() => relay.registry.clients === opened.filter(({ open }) => open).length);
        }
        peers.push(peer);
      }
      return { room_id, clients, peers };
    },
    async [Symbol.asyncDispose]() {
      for (const peer of opened) peer.ws.terminate();
      await relay.close();
    },
  };
  return test;
}

export interface Received {
  data: Buffer;
  binary: boolean;
}

/** A client on a real socket: everything it receives is kept in order until it is read. */
export class Peer {
  readonly ws: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Its slot, once {@link Peer.welcomed}. */
  slot = -1;
  readonly #inbox = new Inbox<Received>();

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data: RawData, binary) => this.#inbox.put({ data: data as Buffer, binary }));
    this.closed = new Promise((resolve) => {
      ws.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#inbox.end(`closed with ${code} ${reason.toString()}`);
      });
    });
  }

  /** Resolves when the socket is open; rejects if the handshake is refused. */
  static async open(url: string, protocols: string[], options: ClientOptions = {}): Promise<Peer> {
    const ws = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    const peer = new Peer(ws);
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
    });
    ws.on('error', () => {});
    return peer;
  }

  get open(): boolean {
    return this.ws.readyState === WebSocket.OPEN;
  }

  /** The next message; rejects if none comes in time or the socket closes. */
  next(): Promise<Received> {
    return this.#inbox.next();
  }

  /** The next message but for signs of life, which must be control of this type. */
  async control<T extends RelayControl['type']>(type: T): Promise<Extract<RelayControl, { type: T }>> {
    for (;;) {
      const { data, binary } = await this.next();
      if (binary) throw new Error(`expected ${type}, got a binary message of ${data.length} bytes`);
      const control = JSON.parse(data.toString()) as RelayControl;
      if (control.type === type) return control as Extract<RelayControl, { type: T }>;
      // It may come at any time where nothing else does.
      if (control.type !== 'alive') throw new Error(`expected ${type}, got ${data.toString()}`);
    }
  }

  /** Reads the welcome, which must be the next message. */
  async welcomed(): Promise<Welcome> {
    const welcome = await this.control('welcome');
    this.slot = welcome.slot;
    return welcome;
  }

  send(data: string | Uint8Array): void {
    this.ws.send(data);
  }
}
