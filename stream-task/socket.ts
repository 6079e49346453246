/** `ws` behind the small interface that a session needs. */
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import { CLOSE } from '../shared/protocol/close-codes.ts';
import { PROTOCOLS } from '../shared/protocol/subprotocol.ts';
import type { ClientSocket, Session } from './session.ts';
import type { Timing } from './timing.ts';

/**
 * What one waiting message costs besides its bytes: without it, 1 MB of empty messages would hold hundreds of MB of
 * queue entries.
 */
export const MESSAGE_OVERHEAD_BYTES = 128;
/** Fragments of one message at most: a browser cuts at 64 KiB or more, so that this is far from any honest client. */
const MAX_FRAGMENTS = 1_024;
/**
 * Pieces in which one frame may arrive, and bytes of a frame that allow one more. Each is kept by itself until the frame is
 * complete, at some 600 bytes: 64 KiB that came byte by byte would hold 40 MB. A segment of TCP has 536 or more.
 */
const MAX_PIECES = 1_024;
const BYTES_PER_PIECE = 64;
/** What is read in search of the peer's close frame once ours has been sent: parsing it may cost more than frames did. */
const READ_AFTER_CLOSE_BYTES = 65_536;

/**
 * The codes that `ws` closes with by itself (RFC 6455 §7.4.1), as ours, so that a client reads "reconnect?" from one
 * table: 1002 protocol error, 1007 not UTF-8, 1008 too many fragments or pieces, 1009 too large.
 */
const OWN_CODE: Readonly<Record<number, number>> = {
  1002: CLOSE.BAD_FRAME,
  1007: CLOSE.BAD_FRAME,
  1008: CLOSE.TOO_LARGE,
  1009: CLOSE.TOO_LARGE,
};

/** The code of a close frame that has none (RFC 6455 §7.4.1). */
const NO_CODE = 1_005;

class RelaySocket extends WebSocket {
  /** The code that was sent in place of one of `ws`. */
  refused_with: number | undefined;
  /** Called when the peer's close frame has come, long before the connection is over if it reads slowly. */
  concluded: (code: number) => void = () => {};

  override close(code?: number, data?: string | Buffer): void {
    // For a fault `ws` gives a code alone. With a reason, if an empty one, it echoes the close frame of the peer.
    const own = code === undefined || data !== undefined ? undefined : OWN_CODE[code];
    this.refused_with ??= own;
    super.close(own ?? code, data);
    if (code === undefined) this.concluded(NO_CODE);
    else if (Buffer.isBuffer(data)) this.concluded(code);
  }
}

/** Completes handshakes. `max_frame_bytes`: the largest message. */
export function createHandshaker(max_frame_bytes: number, timing: Timing): WebSocketServer {
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    // By the session, which counts what waits for a client that does not read.
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: max_frame_bytes,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: Math.max(MAX_PIECES, Math.ceil(max_frame_bytes / BYTES_PER_PIECE)),
    closeTimeout: timing.close_wait,
    // By default the first offer is echoed; the second one holds a ticket.
    handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
    WebSocket: RelaySocket,
  };
  return new WebSocketServer(options);
}

const BINARY = { binary: true, compress: false, fin: true };
const TEXT = { binary: false, compress: false, fin: true };

/** The members of a WebSocket that are used. */
type UsedSocket = Pick<WebSocket, 'bufferedAmount' | 'send' | 'ping' | 'pong' | 'close' | 'terminate'>;

export class WsSocket implements ClientSocket {
  readonly #ws: UsedSocket;
  #messages = 0;
  readonly #sent = (): void => {
    if (this.#messages > 0) this.#messages--;
  };

  constructor(ws: UsedSocket) {
    this.#ws = ws;
  }

  get waiting(): number {
    const bytes = this.#ws.bufferedAmount;
    // Callbacks come at the end of a turn of the loop: what was written at once in this turn is still counted.
    if (bytes === 0) this.#messages = 0;
    return bytes + this.#messages * MESSAGE_OVERHEAD_BYTES;
  }

  send(data: Uint8Array, binary: boolean): void {
    this.#messages++;
    this.#ws.send(data, binary ? BINARY : TEXT, this.#sent);
  }

  ping(): void {
    this.#ws.ping();
  }

  pong(data: Uint8Array): void {
    this.#messages++;
    this.#ws.pong(data, false, this.#sent);
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }
}

/** Connects an open WebSocket over `stream` and the session that `open` makes for it. */
export function attach(ws: WebSocket, stream: Duplex, open: (socket: ClientSocket) => Session): void {
  const session = open(new WsSocket(ws));
  // `ws` found a fault and has sent the close frame already: so has the session ended, for that reason.
  ws.on('error', () => {
    if (ws instanceof RelaySocket && ws.refused_with !== undefined) session.end(ws.refused_with, 'message');
  });
  // With the binary type `nodebuffer` (the default) every message is one Buffer.
  ws.on('message', (data, binary) => session.message(data as Buffer, binary));
  stream.on('data', (chunk: Buffer) => session.received(chunk));
  bound(ws, stream);
  ws.on('ping', (data) => session.pinged(data));
  ws.on('pong', (data) => session.ponged(data.length));
  if (ws instanceof RelaySocket) ws.concluded = (code) => session.closed(code);
  ws.on('close', (code) => session.closed(code));
}

/** Closes an open WebSocket over `stream` that never becomes a session. */
export function turnAway(ws: WebSocket, stream: Duplex, code: number, reason: string): void {
  ws.on('error', () => {});
  bound(ws, stream);
  ws.close(code, reason);
}

/**
 * Once `ws` is closing, what comes over `stream` is soon thrown away unread. The peer's close frame may be among it, so we
 * do not wait for it any more, as `ws` does not after a fault.
 */
function bound(ws: WebSocket, stream: Duplex): void {
  let left = READ_AFTER_CLOSE_BYTES;
  stream.on('data', (chunk: Buffer) => {
    if (ws.readyState === WebSocket.OPEN) return;
    left -= chunk.length;
    if (left > 0) return;
    stream.removeAllListeners('data');
    stream.resume();
    stream.end();
  });
}
