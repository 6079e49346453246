/**
 * What the members of one room sent in one turn of the event loop, as whole server frames back to back, made once for all
 * receivers. Each of them gets "everything but mine" as one slice: a sender's frames stay together, and all but the last
 * sender's are laid out once more at the end, so that what comes before mine also comes after it.
 *
 *     A A A B C C | A A A B        for A: B C C    for B: C C A A A    for C: A A A B (of the copy)
 */
import { createSlab, unmaskInto, type Slab } from './lane/unmask.ts';
import { headerBytes, OPCODE, writeHeader } from './lane/server-frame.ts';

/** How much one log takes before it is sent within the turn. */
export const LOG_BYTES = 65_536;
/** A log and its copy. */
const LOG_ROOM = 2 * LOG_BYTES;
/** Room for some small logs that the kernel has not read yet, before the one that is written. */
const SLAB_BYTES = 2 * LOG_ROOM;
/** Logs that are kept for later turns: as many rooms as are often busy in one. */
const MOST_SPARE = 64;

/** What a log keeps of who sends into it. */
export interface Sender {
  /** The log that its frames are in, by {@link RoomLog.serial}; another number if in none. */
  log_serial: number;
  /** Which part of that log is its own. */
  log_part: number;
}

/** One slice of a log. */
export interface Slice {
  frames: Buffer;
  messages: number;
  /** Bytes of the messages, without the headers of their frames. */
  bytes: number;
}

const EMPTY = Buffer.alloc(0);
const spare: RoomLog[] = [];
let serials = 0;

export class RoomLog {
  /** Another one for each use. */
  serial = 0;
  /** Messages in it, and their bytes. */
  messages = 0;
  bytes = 0;
  #slab: Slab;
  /** Where the log begins in its slab: what is before may still be on its way out. */
  #start = 0;
  #end = 0;
  #copied = false;
  #last: Sender | undefined;
  #parts = 0;
  // By part: where it ends, and what was in the log then.
  readonly #ends: number[] = [];
  readonly #messages: number[] = [];
  readonly #bytes: number[] = [];

  private constructor() {
    this.#slab = createSlab(SLAB_BYTES);
  }

  /** An empty log with room for a first message of `length` bytes. */
  static open(length: number): RoomLog {
    const log = spare.pop() ?? new RoomLog();
    log.serial = ++serials;
    const size = headerBytes(length) + length;
    // Larger than any log: a slab of its own. It is the only message then, so that nothing is copied.
    if (log.#start + size > log.#slab.bytes.length) log.#renew(Math.max(size, SLAB_BYTES));
    return log;
  }

  /** Whether a message of `length` bytes of `sender` can be added: there is room, and its frames stay together. */
  fits(sender: Sender, length: number): boolean {
    if (this.#end - this.#start + headerBytes(length) + length > LOG_BYTES) return false;
    return this.#last === sender || sender.log_serial !== this.serial;
  }

  /**
   * Adds a message that {@link fits}, or the first: `length` bytes at `from[at]`, masked with `mask`. False, and nothing is
   * added, if `checked` says that the bytes are not what they should be.
   */
  add(
    sender: Sender,
    from: Buffer,
    at: number,
    length: number,
    mask: number,
    binary: boolean,
    checked?: (bytes: Buffer) => boolean,
  ): boolean {
    const slab = this.#slab;
    const payload = writeHeader(slab.bytes, this.#end, binary ? OPCODE.BINARY : OPCODE.TEXT, length);
    unmaskInto(slab, payload, from, at, length, mask);
    const end = payload + length;
    if (checked !== undefined && !checked(slab.bytes.subarray(payload, end))) return false;
    if (this.#last !== sender) {
      this.#last = sender;
      sender.log_serial = this.serial;
      sender.log_part = this.#parts++;
    }
    this.#end = end;
    this.messages++;
    this.bytes += length;
    const part = sender.log_part;
    this.#ends[part] = end;
    this.#messages[part] = this.messages;
    this.#bytes[part] = this.bytes;
    return true;
  }

  /** Everything. */
  all(): Buffer {
    return this.#slab.bytes.subarray(this.#start, this.#end);
  }

  /** Everything but what `sender` sent. `into` is filled and given back: one object for all. */
  without(sender: Sender, into: Slice): Slice {
    const part = sender.log_part;
    const ends = this.#ends;
    const begin = part === 0 ? this.#start : ends[part - 1]!;
    const end = ends[part]!;
    into.messages = this.messages - this.#messages[part]! + (part === 0 ? 0 : this.#messages[part - 1]!);
    into.bytes = this.bytes - this.#bytes[part]! + (part === 0 ? 0 : this.#bytes[part - 1]!);
    into.frames = this.#slice(part, begin, end);
    return into;
  }

  #slice(part: number, begin: number, end: number): Buffer {
    const { bytes } = this.#slab;
    if (this.#parts === 1) return EMPTY;
    if (part === 0) return bytes.subarray(end, this.#end);
    if (part === this.#parts - 1) return bytes.subarray(this.#start, begin);
    if (!this.#copied) {
      this.#copied = true;
      bytes.copy(bytes, this.#end, this.#start, this.#ends[this.#parts - 2]);
    }
    return bytes.subarray(end, this.#end + (begin - this.#start));
  }

  /**
   * Gives the log back. `kept`: some of its bytes are still to be read by the kernel, so that they are not written to any
   * more; the rest of the slab is.
   */
  close(kept: boolean): void {
    if (kept) {
      this.#start = this.#copied ? this.#end + (this.#ends[this.#parts - 2]! - this.#start) : this.#end;
      if (this.#start + LOG_ROOM > this.#slab.bytes.length) this.#renew(SLAB_BYTES);
    } else if (this.#slab.bytes.length > SLAB_BYTES) {
      this.#renew(SLAB_BYTES);
    }
    this.#end = this.#start;
    this.#copied = false;
    this.#last = undefined;
    this.#parts = 0;
    this.messages = 0;
    this.bytes = 0;
    if (spare.length < MOST_SPARE) spare.push(this);
  }

  #renew(size: number): void {
    this.#slab = createSlab(size);
    this.#start = 0;
    this.#end = 0;
  }
}
