/**
 * A TCP connection as a client behind a slow link has it. What the link has not carried yet is not read: it stays in the
 * buffers of both kernels, some megabytes, and the relay's writes go on for as long as those take any.
 */
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';

export interface Pace {
  /** Bytes a second that come through; undefined: all, at once. May be changed. */
  rate: number | undefined;
  /** One way, ms. */
  delay: number;
}

const TICK_MS = 4;

export class PacedSocket extends Duplex {
  readonly #pace: Pace;
  readonly #socket: Socket;
  readonly #ticks: NodeJS.Timeout;
  #at = performance.now();
  /** Bytes that may be read now. */
  #allowed = 0;
  readonly #incoming: { chunk: Buffer; at: number }[] = [];
  readonly #outgoing: { chunk: Buffer; at: number }[] = [];

  constructor(port: number, pace: Pace) {
    super({ allowHalfOpen: false });
    this.#pace = pace;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.pause();
    this.#socket.on('readable', () => {
      if (pace.rate === undefined) this.#tick();
    });
    // A reset is one way for the relay to end it.
    this.#socket.on('error', () => this.destroy());
    this.#socket.on('close', () => this.destroy());
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#pace.delay === 0) this.#socket.write(chunk);
    else this.#outgoing.push({ chunk, at: performance.now() + this.#pace.delay });
    done();
  }

  override _final(done: () => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.#ticks);
    this.#socket.destroy();
    done(error);
  }

  #tick(): void {
    const now = performance.now();
    const { rate, delay } = this.#pace;
    // What the link could have carried while there was nothing is lost.
    const most = rate === undefined ? Infinity : (rate * 4 * TICK_MS) / 1_000;
    this.#allowed = rate === undefined ? Infinity : this.#allowed + (rate * (now - this.#at)) / 1_000;
    this.#at = now;
    const length = Math.min(Math.floor(this.#allowed), this.#socket.readableLength);
    const chunk = length > 0 ? (this.#socket.read(length) as Buffer | null) : null;
    if (chunk !== null) {
      this.#allowed -= chunk.length;
      this.#incoming.push({ chunk, at: now + delay });
    }
    if (this.#socket.readableLength === 0) this.#allowed = Math.min(this.#allowed, most);
    while (this.#incoming.length > 0 && this.#incoming[0]!.at <= now)
      this.push(this.#incoming.shift()!.chunk);
    while (this.#outgoing.length > 0 && this.#outgoing[0]!.at <= now) {
      this.#socket.write(this.#outgoing.shift()!.chunk);
    }
  }
}
