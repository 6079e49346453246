/** A small control channel on a real `ws` server that says what a test tells it, wrong things included. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { ControlPush } from '../../shared/protocol/control-channel.ts';
import { CONTROL_PROTOCOL } from '../../shared/protocol/control-channel.ts';
import { Inbox } from './inbox.ts';

/** One client's channel, as the router sees it. */
export interface ControlPeer {
  /** The subprotocols that were offered. */
  readonly offers: readonly string[];
  readonly socket: WebSocket;
  /** What the client says. */
  readonly messages: Inbox<unknown>;
  /** Resolves when the channel is closed. */
  readonly closed: Promise<void>;
  tell(push: ControlPush | Record<string, unknown>): void;
}

export interface ControlOptions {
  /** The answer to `sync`; none by default. */
  answer?: (peer: ControlPeer) => ControlPush | undefined;
  /** What is selected of the offered subprotocols. Default: that of the control channel. */
  select?: () => string | false;
  /** HTTP status in place of 101, for as many handshakes as there are. */
  refuse?: number[];
}

export class ControlDouble {
  readonly url: string;
  /** Each channel, as it comes. */
  readonly connections = new Inbox<ControlPeer>();
  readonly #server: WebSocketServer;
  readonly #options: ControlOptions;

  private constructor(server: WebSocketServer, options: ControlOptions) {
    this.#server = server;
    this.#options = options;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/control`;
    server.on('connection', (socket, request) => {
      this.#connect(socket, request.headers['sec-websocket-protocol']?.split(/, */) ?? []);
    });
  }

  static async start(options: ControlOptions = {}): Promise<ControlDouble> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      handleProtocols: () => (options.select === undefined ? CONTROL_PROTOCOL : options.select()),
      verifyClient: (_info, done: (result: boolean, code?: number) => void) => {
        const status = options.refuse?.shift();
        done(status === undefined, status);
      },
    });
    await once(server, 'listening');
    return new ControlDouble(server, options);
  }

  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(socket: WebSocket, offers: string[]): void {
    const peer: ControlPeer = {
      offers,
      socket,
      messages: new Inbox(),
      closed: new Promise((resolve) => {
        socket.on('close', () => resolve());
      }),
      tell: (push) => socket.send(JSON.stringify(push)),
    };
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString('utf8')) as { type: string };
      peer.messages.put(message);
      const answer = message.type === 'sync' ? this.#options.answer?.(peer) : undefined;
      if (answer !== undefined) peer.tell(answer);
    });
    this.connections.put(peer);
  }
}
