/** A small relay of `anteroom.v1` on a real `ws` server that does what a test tells it, wrong things included. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { RelayControl, RelayLimits } from '../../shared/protocol/control.ts';
import { destinationOf, TO_ALL, TO_RELAY } from '../../shared/protocol/frame.ts';
import { parseCredentialsToken } from '../../shared/protocol/subprotocol.ts';
import type { Credentials } from '../../shared/protocol/subprotocol.ts';
import { Inbox } from './inbox.ts';

export const RELAY_LIMITS: RelayLimits = {
  max_frame_bytes: 1_024,
  max_control_bytes: 4_096,
  messages_per_second: 1_000,
  bytes_per_second: 1_000_000,
  send_budget_bytes: 1_000_000,
  max_clients: 10,
};

/** One client's connection, as the relay sees it. */
export interface RelayPeer {
  readonly credentials: Credentials;
  readonly slot: number;
  readonly socket: WebSocket;
  /** Control messages of the client. */
  readonly controls: Inbox<{ type: string }>;
  /** Frames of the client for others. */
  readonly frames: Inbox<Buffer>;
  /** Frames of the client for the relay itself. */
  readonly acks: Inbox<Buffer>;
  /** Messages that were sent to the client, text and binary. */
  readonly sent: number;
  /** The client's close code, once the socket is closed. */
  readonly closed: Promise<number>;
  tell(control: RelayControl | { type: string }): void;
}

export interface RelayOptions {
  /** What is done with a new connection. Default: it gets a welcome and a place among the others. */
  onConnect?: (peer: RelayPeer, relay: RelayDouble) => void;
  /** What is selected of the offered subprotocols. Default: anteroom.v1. */
  select?: (offers: string[]) => string | false;
  /** Time between two `alive`; none by default. */
  alive_ms?: number;
  /** What its welcome says. Default: 15 s. */
  resume_grace_ms?: number;
}

export class RelayDouble {
  readonly url: string;
  /** Each connection, as it comes. */
  readonly connections = new Inbox<RelayPeer>();
  readonly #server: WebSocketServer;
  readonly #options: RelayOptions;
  readonly #peers = new Set<RelayPeer>();
  #next_slot = 0;

  private constructor(server: WebSocketServer, options: RelayOptions) {
    this.#server = server;
    this.#options = options;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket, request) => {
      const offers = request.headers['sec-websocket-protocol']?.split(/, */) ?? [];
      this.#connect(socket, parseCredentialsToken(offers[1] ?? '')!);
    });
  }

  static async start(options: RelayOptions = {}): Promise<RelayDouble> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      handleProtocols: (offers) => options.select?.([...offers]) ?? 'anteroom.v1',
    });
    await once(server, 'listening');
    return new RelayDouble(server, options);
  }

  /** Lets a client in: tells it who is here, and the others that it came. */
  welcome(peer: RelayPeer): void {
    const { room_id, client_id } = peer.credentials;
    const others = this.#othersOf(peer);
    const present = ({ slot, credentials }: RelayPeer) => ({ slot, client_id: credentials.client_id });
    peer.tell({
      type: 'welcome',
      room_id,
      epoch: 1,
      slot: peer.slot,
      clients: others.map(present),
      limits: RELAY_LIMITS,
      resume_grace_ms: this.#options.resume_grace_ms ?? 15_000,
    });
    for (const other of others) other.tell({ type: 'joined', slot: peer.slot, client_id });
    this.#peers.add(peer);
  }

  /** Ends everything, sockets first. */
  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(socket: WebSocket, credentials: Credentials): void {
    let sent = 0;
    const send = socket.send.bind(socket) as (data: string | Buffer) => void;
    socket.send = (data: string | Buffer) => {
      sent++;
      send(data);
    };
    const peer: RelayPeer = {
      credentials,
      // Slots differ from one connection to the next, so that nothing can rely on an old one.
      slot: this.#next_slot++,
      socket,
      controls: new Inbox(),
      frames: new Inbox(),
      acks: new Inbox(),
      get sent() {
        return sent;
      },
      closed: new Promise((resolve) => {
        socket.on('close', (code) => resolve(code));
      }),
      tell: (control) => socket.send(JSON.stringify(control)),
    };
    let leaving = false;
    socket.on('message', (data, binary) => {
      if (binary) return this.#forward(peer, data as Buffer);
      const control = JSON.parse((data as Buffer).toString('utf8')) as { type: string };
      peer.controls.put(control);
      if (control.type === 'leave') leaving = true;
    });
    const alive =
      this.#options.alive_ms === undefined
        ? undefined
        : setInterval(() => peer.tell({ type: 'alive' }), this.#options.alive_ms);
    socket.on('close', () => {
      clearInterval(alive);
      if (!this.#peers.delete(peer)) return;
      const { client_id } = credentials;
      const reason = leaving ? 'gone' : 'resuming';
      for (const other of this.#othersOf(peer)) {
        other.tell({ type: 'left', slot: peer.slot, client_id, reason });
      }
    });
    (this.#options.onConnect ?? ((newcomer) => this.welcome(newcomer)))(peer, this);
    this.connections.put(peer);
  }

  #forward(from: RelayPeer, frame: Buffer): void {
    const destination = destinationOf(frame);
    if (destination === TO_RELAY) {
      from.acks.put(frame);
      return;
    }
    from.frames.put(frame);
    for (const peer of this.#othersOf(from)) {
      if (destination === TO_ALL || destination === peer.slot) peer.socket.send(frame);
    }
  }

  /** Who else is in the same room. */
  #othersOf(peer: RelayPeer): RelayPeer[] {
    const { room_id } = peer.credentials;
    return [...this.#peers].filter((other) => other !== peer && other.credentials.room_id === room_id);
  }
}
