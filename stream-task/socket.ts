/** `ws` behind the small interface that a session needs. */
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import { PROTOCOLS } from '../shared/protocol/subprotocol.ts';
import { OWN_CODE } from './lane/connection.ts';
import type { ReaderLimits } from './lane/frame-reader.ts';
import { FrameMeter } from './frame-meter.ts';
import type { Session } from './session.ts';
import type { ClientSocket } from './session-types.ts';
import type { Timing } from './timing.ts';
import type { Paused, Turns } from './turns.ts';

/** Fragments of one message at most: a browser cuts at 64 KiB or more, so that this is far from any honest client. */
const MAX_FRAGMENTS = 1_024;
/**
 * Pieces in which one frame may arrive, and bytes of a frame that allow one more. Each is kept by itself until the frame is
 * complete, at some 600 bytes: 64 KiB that came byte by byte would hold 40 MB. A segment of TCP has 536 or more.
 */
const MAX_PIECES = 1_024;
const BYTES_PER_PIECE = 64;
/** What is read in search of the peer's close frame once ours has been sent: parsing it may cost more than frames did. */
export const READ_AFTER_CLOSE_BYTES = 65_536;

/** The code of a close frame that has none (RFC 6455 §7.4.1). */
const NO_CODE = 1_005;

function ownCode(code: number): number | undefined {
  return (OWN_CODE as Readonly<Record<number, number>>)[code];
}

/** What holds for the messages of a client, whoever parses them. */
export function readerLimits(max_frame_bytes: number): ReaderLimits {
  return {
    max_message_bytes: max_frame_bytes,
    max_fragments: MAX_FRAGMENTS,
    max_pieces: Math.max(MAX_PIECES, Math.ceil(max_frame_bytes / BYTES_PER_PIECE)),
  };
}

class RelaySocket extends WebSocket {
  /** The code that was sent in place of one of `ws`. */
  refused_with: number | undefined;
  /** Called when the peer's close frame has come, long before the connection is over if it reads slowly. */
  concluded: (code: number) => void = () => {};

  override close(code?: number, data?: string | Buffer): void {
    // For a fault `ws` gives a code alone. With a reason, if an empty one, it echoes the close frame of the peer.
    const own = code === undefined || data !== undefined ? undefined : ownCode(code);
    this.refused_with ??= own;
    super.close(own ?? code, data);
    if (code === undefined) this.concluded(NO_CODE);
    else if (Buffer.isBuffer(data)) this.concluded(code);
  }
}

/** Completes handshakes. `max_frame_bytes`: the largest message. */
export function createHandshaker(max_frame_bytes: number, timing: Timing): WebSocketServer {
  const limits = readerLimits(max_frame_bytes);
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    // By the session, which counts what waits for a client that does not read.
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: limits.max_message_bytes,
    maxFragments: limits.max_fragments,
    maxBufferedChunks: limits.max_pieces,
    closeTimeout: timing.close_wait,
    // By default the first offer is echoed; the second one holds a ticket.
    handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
    WebSocket: RelaySocket,
  };
  return new WebSocketServer(options);
}

/** The members of a WebSocket that are used. */
type UsedSocket = Pick<WebSocket, 'close' | 'terminate'>;

/**
 * A WebSocket whose input `ws` parses. What the relay sends goes to the stream below it in slices of many frames; `ws`
 * itself sends nothing but close frames, after them.
 */
export class WsSocket implements ClientSocket {
  /** Told when the stream has given everything to the kernel. */
  drained: () => void = () => {};
  readonly #ws: UsedSocket;
  readonly #stream: Duplex;
  readonly #meter = new FrameMeter();
  readonly #written = (): void => {
    if (this.#pending && this.#stream.writableLength === 0) {
      this.#pending = false;
      this.drained();
    }
  };
  #pending = false;

  constructor(ws: UsedSocket, stream: Duplex) {
    this.#ws = ws;
    this.#stream = stream;
  }

  get waiting(): number {
    return this.#stream.writableLength;
  }

  get since(): number | undefined {
    return this.#meter.since;
  }

  set since(since: number | undefined) {
    this.#meter.since = since;
  }

  /** Bytes as they came; the number of fragments beyond the first of a message that began in them. */
  received(chunk: Uint8Array, now: number): number {
    return this.#meter.push(chunk, now);
  }

  write(frames: Uint8Array): boolean {
    if (!this.#stream.writable) return true;
    this.#stream.write(frames, this.#written);
    // What a TCP stream gives to the kernel at once is off its books at once, too.
    if (this.#stream.writableLength === 0) return true;
    this.#pending = true;
    return false;
  }

  sendClose(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }
}

/** Connects an open WebSocket over `stream` and the session that `open` makes for it. */
export function attach(
  ws: WebSocket,
  stream: Duplex,
  turns: Turns,
  open: (socket: ClientSocket) => Session,
): void {
  const socket = new WsSocket(ws, stream);
  const session = open(socket);
  socket.drained = () => session.drained();
  // `ws` found a fault and has sent the close frame already: so has the session ended, for that reason.
  ws.on('error', () => {
    if (ws instanceof RelaySocket && ws.refused_with !== undefined) session.broken(ws.refused_with);
  });
  let reading = false;
  stream.prependListener('data', () => {
    reading = true;
    turns.read();
  });
  const paused: Paused = {
    resume() {
      if (session.spent) return false;
      ws.resume();
      return true;
    },
  };
  // With the binary type `nodebuffer` (the default) every message is one Buffer.
  ws.on('message', (data, binary) => {
    const bytes = data as Buffer;
    if (!session.message(bytes, 0, bytes.length, 0, binary) && !ws.isPaused) {
      ws.pause();
      turns.resumeLater(paused);
    }
    if (!reading) session.readEnded();
  });
  stream.on('data', (chunk: Buffer) => {
    reading = false;
    const fragments = socket.received(chunk, turns.now);
    if (fragments > 0) session.fragments(fragments);
    session.readEnded();
  });
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
