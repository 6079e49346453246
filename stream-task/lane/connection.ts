/**
 * A WebSocket on the fast lane: its handshake is done, and its bytes go between the handle and the session without a stream
 * in between.
 */
import type { Socket } from 'node:net';
import { ABNORMAL_CLOSURE, CLOSE } from '../../shared/protocol/close-codes.ts';
import type { Session } from '../session.ts';
import type { ClientSocket } from '../session-types.ts';
import type { Paused, Turns } from '../turns.ts';
import { FrameReader, type FrameSink, type ReaderLimits } from './frame-reader.ts';
import { closeFrame } from './server-frame.ts';
import { readBuffer, shutdown, takeHandle, write, type HandleOwner, type TcpHandle } from './tcp-handle.ts';

/** What all connections of a relay share. */
export interface LaneHost {
  turns: Turns;
  limits: ReaderLimits;
  /** How long the closing handshake may take before the connection is cut off, ms. */
  close_wait: number;
  /** What is read in search of the peer's close frame once ours has been sent, bytes. */
  read_after_close: number;
  /** `connection` is over. */
  ended(connection: Connection): void;
}

/** The codes of RFC 6455 §7.4.1 for what is wrong with frames, as ours: a client reads "reconnect?" from one table. */
export const OWN_CODE = {
  /** protocol error */
  1002: CLOSE.BAD_FRAME,
  /** not UTF-8 */
  1007: CLOSE.BAD_FRAME,
  /** too many fragments or pieces */
  1008: CLOSE.TOO_LARGE,
  /** too large */
  1009: CLOSE.TOO_LARGE,
} as const;

/**
 * `closing`: our close frame has been sent, the peer's is looked for. `ending`: nothing more is sent or looked at, only the
 * end of the connection is waited for.
 */
type State = 'open' | 'closing' | 'ending' | 'closed';

export class Connection implements ClientSocket, FrameSink, HandleOwner, Paused {
  readonly #host: LaneHost;
  readonly #reader: FrameReader;
  #handle: TcpHandle | undefined;
  #session: Session | undefined;
  #state: State = 'open';
  #paused = false;
  /** What was read and not looked at before the pause. */
  #rest: Buffer | undefined;
  /** Bytes that may still be read in search of the peer's close frame. */
  #left = 0;
  #peer_ended = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(host: LaneHost) {
    this.#host = host;
    this.#reader = new FrameReader(this, host.limits);
  }

  /**
   * Takes an open WebSocket over from `socket`, which is over then. Undefined, and nothing has happened, if `socket` does
   * not allow that.
   */
  static take(host: LaneHost, socket: Socket): Connection | undefined {
    const connection = new Connection(host);
    connection.#handle = takeHandle(socket, connection);
    return connection.#handle === undefined ? undefined : connection;
  }

  /** Goes on with the session that `open` makes; `head` has been read behind the handshake already. */
  start(head: Buffer, open: (socket: ClientSocket) => Session): void {
    this.#host.turns.read();
    this.#session = open(this);
    if (head.length > 0) this.#read(head, head.length);
    if (!this.#paused) this.#handle?.readStart();
  }

  get waiting(): number {
    return this.#handle?.writeQueueSize ?? 0;
  }

  get since(): number | undefined {
    return this.#reader.since;
  }

  set since(since: number | undefined) {
    this.#reader.since = since;
  }

  write(frames: Uint8Array): boolean {
    if (this.#handle === undefined) return true;
    const written = write(this.#handle, frames);
    // Not at once: the room that writes to its members must not lose one meanwhile.
    if (written === 'failed') process.nextTick(() => this.destroy());
    return written !== 'later';
  }

  written(ok: boolean): void {
    if (!ok) return this.destroy();
    this.#host.turns.read();
    this.#session?.drained();
  }

  read(bytes: number): void {
    this.#host.turns.read();
    this.#read(readBuffer, bytes);
  }

  #read(chunk: Buffer, bytes: number): void {
    if (this.#state === 'closing') {
      this.#left -= bytes;
      if (this.#left <= 0) return this.#end();
    }
    // Of a large room each member would be read once in a turn: too much, if each message costs a megabyte.
    if (this.#session?.spent === true) return this.#pause(chunk, 0, bytes);
    if (this.#state === 'open' || this.#state === 'closing') this.#consume(chunk, bytes);
  }

  #consume(chunk: Buffer, bytes: number): void {
    const came = this.#reader.read(chunk, 0, bytes, this.#host.turns.now);
    this.#session?.readEnded();
    if (this.#paused) this.#pause(chunk, came, bytes);
  }

  /** Goes on in the next turn, with chunk[from, to). */
  #pause(chunk: Buffer, from: number, to: number): void {
    this.#paused = true;
    if (from < to) this.#rest = Buffer.from(chunk.subarray(from, to));
    this.#handle?.readStop();
    this.#host.turns.resumeLater(this);
  }

  resume(): boolean {
    if (this.#session?.spent === true) return false;
    const rest = this.#rest;
    this.#paused = false;
    this.#rest = undefined;
    if (rest !== undefined) this.#read(rest, rest.length);
    if (!this.#paused) this.#handle?.readStart();
    return true;
  }

  readFailed(ended: boolean): void {
    if (!ended) return this.destroy();
    this.#peer_ended = true;
    this.#session?.closed(ABNORMAL_CLOSURE);
    if (this.#state === 'ending' && this.waiting === 0) return this.destroy();
    this.#end();
  }

  message(from: Buffer, at: number, length: number, mask: number, binary: boolean): boolean {
    if (this.#state !== 'open' || this.#session === undefined) return true;
    if (this.#session.message(from, at, length, mask, binary)) return true;
    this.#paused = true;
    return false;
  }

  fragment(): boolean {
    this.#session?.fragments(1);
    return true;
  }

  ping(data: Buffer): boolean {
    this.#session?.pinged(data);
    return true;
  }

  pong(length: number): boolean {
    this.#session?.ponged(length);
    return true;
  }

  fault(code: keyof typeof OWN_CODE): void {
    if (this.#state !== 'open') return this.#end();
    this.#session?.broken(OWN_CODE[code]);
  }

  close(code: number, reason: Buffer): void {
    if (this.#state === 'open') {
      this.#state = 'closing';
      this.#session?.closed(code);
      this.write(closeFrame(code, reason));
    }
    this.#end();
  }

  sendClose(code: number, reason: string, failed = false): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#left = this.#host.read_after_close;
    this.write(closeFrame(code, reason));
    if (failed) this.#end();
    else this.#armTimer();
  }

  terminate(): void {
    this.destroy();
  }

  /** Says that nothing more comes, and waits for the same of the peer. */
  #end(): void {
    if (this.#state === 'ending' || this.#state === 'closed') return;
    this.#state = 'ending';
    this.#armTimer();
    if (this.#handle !== undefined) shutdown(this.#handle);
  }

  shutDown(): void {
    if (this.#peer_ended) this.destroy();
  }

  #armTimer(): void {
    this.#timer ??= setTimeout(() => this.destroy(), this.#host.close_wait);
  }

  /** Cuts the connection off. */
  destroy(): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    this.#handle = undefined;
    this.#state = 'closed';
    clearTimeout(this.#timer);
    handle.owner = undefined;
    handle.close();
    this.#host.ended(this);
    this.#session?.closed(ABNORMAL_CLOSURE);
  }
}
