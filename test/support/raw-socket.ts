/** A bare TCP client: it sends what it likes, and keeps all that comes back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { credentialsToken, type Protocol } from '../../shared/protocol/subprotocol.ts';
import type { TestClient } from './relay.ts';

/** Nothing that is waited for takes as long: the connection hangs. */
const HANG_MS = 15_000;

export class RawSocket {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  readonly #changed = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    const changed = (): void => this.#changed.forEach((listener) => listener());
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      changed();
    });
    // A reset is one way for the other side to end it.
    socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#ended = true;
        changed();
      });
    }
  }

  /** Connects to a port of this machine; `from` is the address that the other side sees. */
  static async open(port: number, from?: string): Promise<RawSocket> {
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  /** Everything that came so far. */
  get received(): Buffer {
    return this.#received;
  }

  get text(): string {
    return this.#received.toString('latin1');
  }

  /** The other side has ended the connection, or it broke. */
  get ended(): boolean {
    return this.#ended;
  }

  write(data: Uint8Array | string): void {
    if (this.socket.writable) this.socket.write(data);
  }

  /** Writes the pieces as segments of their own, as far as the kernel lets them be. */
  async writePieces(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Resolves when `holds` does of what has come; rejects when the connection ends before, or nothing happens. */
  async until(holds: (socket: RawSocket) => boolean, what = 'what was waited for'): Promise<void> {
    await this.#wait(() => holds(this) || this.#ended, what);
    if (!holds(this)) throw new Error(`the connection ended before ${what}: ${JSON.stringify(this.text)}`);
  }

  /** Resolves when the other side has ended the connection, however. */
  over(): Promise<void> {
    return this.#wait(() => this.#ended, 'its end');
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Ends it at once with a reset, in place of an orderly FIN. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  async #wait(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return;
    const done = Promise.withResolvers<void>();
    const listener = (): void => {
      if (holds()) done.resolve();
    };
    const timer = setTimeout(
      () =>
        done.reject(new Error(`hangs: ${what} did not come; got ${JSON.stringify(this.text.slice(0, 500))}`)),
      HANG_MS,
    );
    this.#changed.add(listener);
    try {
      await done.promise;
    } finally {
      clearTimeout(timer);
      this.#changed.delete(listener);
    }
  }
}

export const HANDSHAKE_KEY = Buffer.alloc(16, 7).toString('base64');

/** The header fields of a handshake as it should be, in an order that does not matter. */
export function handshakeFields(offer: string): [name: string, value: string][] {
  return [
    ['Host', 'relay.test'],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', HANDSHAKE_KEY],
    ['Sec-WebSocket-Protocol', offer],
  ];
}

/** A request head as bytes; fields are written as they are. */
export function requestHead(line: string, fields: readonly (readonly [string, string])[]): Buffer {
  const lines = [line, ...fields.map(([name, value]) => `${name}: ${value}`), '', ''];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

/** A handshake of `client` as bytes. */
export function handshake(room_id: string, client: TestClient, protocol: Protocol): Buffer {
  const offer = `${protocol}, ${credentialsToken({ room_id, ...client })}`;
  return requestHead('GET / HTTP/1.1', handshakeFields(offer));
}

const HEAD_END = '\r\n\r\n';

/** The end of the first response head in `text`, or -1. */
export function headEnd(text: string): number {
  const end = text.indexOf(HEAD_END);
  return end < 0 ? -1 : end + HEAD_END.length;
}

export interface RawResponse {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** A chunked body (RFC 9112 §7.1); undefined if it is not complete. */
function unchunked(coded: string): string | undefined {
  let body = '';
  for (let at = 0; ;) {
    const line = coded.indexOf('\r\n', at);
    const size = Number.parseInt(coded.slice(at, line), 16);
    if (line < 0 || coded.length < line + 2 + size + 2) return undefined;
    if (size === 0) return body;
    body += coded.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

/** The first response in what came, if it is complete (at the end of the connection: as far as it goes). */
export function parseResponse(text: string, ended = false): RawResponse | undefined {
  const end = headEnd(text);
  if (end < 0) return undefined;
  const [line = '', ...fields] = text.slice(0, end - HEAD_END.length).split('\r\n');
  const status = Number(/^HTTP\/1\.1 ([0-9]{3}) /.exec(line)?.[1]);
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  if (status === 100) return parseResponse(text.slice(end), ended);
  if (headers.get('transfer-encoding') === 'chunked') {
    const body = unchunked(text.slice(end));
    return body === undefined ? undefined : { status, headers, body };
  }
  const length = headers.get('content-length');
  const body = text.slice(end, length === undefined ? undefined : end + Number(length));
  const complete = status === 101 || (length !== undefined && body.length === Number(length));
  return complete || ended ? { status, headers, body } : undefined;
}

/** A connected client on a bare socket: the handshake is done, and what came after it is in `frames` bytes. */
export async function bareClient(
  port: number,
  room_id: string,
  client: TestClient,
  protocol: Protocol = 'anteroom.raw.v1',
): Promise<RawSocket> {
  const raw = await RawSocket.open(port);
  raw.write(handshake(room_id, client, protocol));
  await raw.until(({ text }) => headEnd(text) > 0, 'an answer to the handshake');
  if (!raw.text.startsWith('HTTP/1.1 101 ')) throw new Error(raw.text);
  return raw;
}

/** The bytes after the response head: frames of the server. */
export function frameBytes(raw: RawSocket): Buffer {
  return raw.received.subarray(Math.max(headEnd(raw.text), 0));
}
