/** One direction of a proxied connection: bytes in order, passed on at once, late, or held back. */
import type { Socket } from 'node:net';
import type { Tape } from '../recording.ts';

/** How bytes pass. */
export type Passage =
  | { mode: 'pass' }
  /** Each byte arrives this much later. */
  | { mode: 'slow'; ms: number }
  /** Held: nothing arrives until that changes. */
  | { mode: 'cut' };

/** Bytes that wait to be late at most; beyond that nothing more is read, and the sender's own buffers fill up. */
export const MOST_LATE_BYTES = 4 * 1024 * 1024;

interface Late {
  /** Undefined: the end of the stream. */
  bytes: Buffer | undefined;
  /** When it is passed on, by `performance.now()`. */
  due: number;
}

/** Moves what `from` sends to `to`, as `passage` says at each moment. Starts with the sockets paused. */
export class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #passage: () => Passage;
  readonly #tape: Tape | undefined;
  readonly #late: Late[] = [];
  #late_bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** `to` takes no more until it says `drain`. */
  #full = false;

  /** `tape` is given what `from` sends, whatever becomes of it. */
  constructor(from: Socket, to: Socket, passage: () => Passage, tape?: Tape) {
    this.#from = from;
    this.#to = to;
    this.#passage = passage;
    this.#tape = tape;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => this.#take(undefined));
    to.on('drain', () => {
      this.#full = false;
      this.changed();
    });
  }

  /** The passage has changed. */
  changed(): void {
    this.#flush();
    this.#readOrNot();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#late.length = 0;
  }

  #take(bytes: Buffer | undefined): void {
    if (bytes !== undefined) this.#tape?.(bytes);
    const passage = this.#passage();
    // What is late must not be overtaken.
    if (passage.mode === 'pass' && this.#late.length === 0) this.#write(bytes);
    else {
      this.#late.push({ bytes, due: performance.now() + (passage.mode === 'slow' ? passage.ms : 0) });
      this.#late_bytes += bytes?.length ?? 0;
      this.#flush();
    }
    this.#readOrNot();
  }

  #write(bytes: Buffer | undefined): void {
    if (bytes === undefined) this.#to.end();
    else if (!this.#to.write(bytes)) this.#full = true;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    const { mode } = this.#passage();
    if (mode === 'cut') return;
    while (!this.#full) {
      const [first] = this.#late;
      if (first === undefined) return;
      const wait = first.due - performance.now();
      if (mode === 'slow' && wait > 0) {
        this.#timer = setTimeout(() => this.changed(), Math.ceil(wait));
        return;
      }
      this.#late.shift();
      this.#late_bytes -= first.bytes?.length ?? 0;
      this.#write(first.bytes);
    }
  }

  #readOrNot(): void {
    const { mode } = this.#passage();
    const held = mode === 'cut' || this.#late_bytes >= MOST_LATE_BYTES || (mode === 'pass' && this.#full);
    if (held) this.#from.pause();
    else this.#from.resume();
  }
}
