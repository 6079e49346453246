import { credentialsToken } from '../../shared/protocol/subprotocol.ts';
import type { Credentials, Protocol } from '../../shared/protocol/subprotocol.ts';
import { watchLiveness } from './liveness.ts';
import type { Liveness } from './liveness.ts';
import type { OpenSocket, Socket } from './platform.ts';
import type { Timings } from './timings.ts';

const PROTOCOL: Protocol = 'anteroom.v1';
/** RFC 6455 §7.4.1: closed without a close frame. Also for what never opened. */
const ABNORMAL = 1006;
/** RFC 6455 §7.4.1: the other side broke the protocol. */
const PROTOCOL_ERROR = 1002;

export interface ConnectionEvents {
  text(text: string): void;
  frame(bytes: Uint8Array<ArrayBuffer>): void;
  /** The connection is over, and not by our doing. Nothing comes after it. */
  closed(code: number, reason: string): void;
  /** Nothing was heard for too long. The connection is abandoned; nothing comes after it. */
  dead(): void;
}

export type ConnectionTimings = Pick<Timings, 'dead_after_ms' | 'close_timeout_ms'>;

/** One attempt at a WebSocket to a relay: opened once, ended once. */
export class Connection {
  readonly #events: ConnectionEvents;
  readonly #timings: ConnectionTimings;
  readonly #liveness: Liveness;
  #socket: Socket | undefined;
  #welcomed = false;
  /** No more events: the connection is over, or its owner let go of it. */
  #detached = false;
  #socketClosed: () => void = () => undefined;

  /** `endpoint.url`: where the grant says. Never throws; a refused address closes the connection with 1006. */
  constructor(
    openSocket: OpenSocket,
    endpoint: Credentials & { url: string },
    timings: ConnectionTimings,
    events: ConnectionEvents,
  ) {
    this.#events = events;
    this.#timings = timings;
    this.#liveness = watchLiveness(timings.dead_after_ms, () => {
      this.abandon();
      events.dead();
    });
    try {
      this.#socket = openSocket(endpoint.url, [PROTOCOL, credentialsToken(endpoint)], {
        open: (protocol) => this.#opened(protocol),
        message: (data) => this.#message(data),
        close: (code, reason) => this.#closed(code, reason),
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      queueMicrotask(() => this.#closed(ABNORMAL, reason));
    }
  }

  get open(): boolean {
    return this.#socket?.open === true;
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** Only while {@link open}. */
  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket?.send(data);
  }

  /** The relay has let us in. Until then, whatever it says does not extend the time limit. */
  welcomed(): void {
    this.#welcomed = true;
    this.#liveness.heard();
  }

  /** Looks at once whether the connection is dead, for after a sleep. */
  probe(): void {
    this.#liveness.check();
  }

  /** Ends a connection on which the relay does not keep to the protocol, as if the relay had closed it. */
  fail(reason: string): void {
    this.abandon();
    this.#events.closed(PROTOCOL_ERROR, reason);
  }

  /** Closes without waiting, and without an event. */
  abandon(): void {
    this.#detach();
    this.#socket?.abandon();
  }

  /**
   * Closes with the close handshake, as long as that takes at most `close_timeout_ms`, and without an event. Resolves
   * when the socket is closed or abandoned. Code 1000 gives the seat up at the relay.
   */
  async close(code?: 1000): Promise<void> {
    if (!this.open) {
      this.abandon();
      return;
    }
    this.#detach();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#socket?.abandon();
        resolve();
      }, this.#timings.close_timeout_ms);
      this.#socketClosed = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#socket?.close(code);
    });
  }

  #detach(): void {
    this.#detached = true;
    this.#liveness.stop();
  }

  #opened(protocol: string): void {
    if (this.#detached || protocol === PROTOCOL) return;
    this.fail(`the server does not speak ${PROTOCOL}`);
  }

  #message(data: string | ArrayBuffer): void {
    if (this.#detached) return;
    if (this.#welcomed) this.#liveness.heard();
    if (typeof data === 'string') this.#events.text(data);
    else this.#events.frame(new Uint8Array(data));
  }

  #closed(code: number, reason: string): void {
    this.#socketClosed();
    if (this.#detached) return;
    this.#detach();
    this.#events.closed(code, reason);
  }
}
