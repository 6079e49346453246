/**
 * What the members of one room sent in one turn of the event loop, as whole server frames back to back, made once for all
 * receivers. Each of them gets "everything but mine" as one slice: a sender's frames stay together, and all but the last
 * sender's are laid out once more at the end, so that what comes before mine also comes after it.
 *
 *     A A A B C C | A A A B        for A: B C C    for B: C C A A A    for C: A A A B (of the copy)
 */
import { createSlab, unmaskInto, type Slab } from './lane/unmask.ts';
import { headerBytes, OPCODE, writeHeader } from './lane/server-frame.ts';

/** How much one log takes at most before it is sent within the turn: with half of it, large messages shared fewer writes. */
export const LOG_BYTES = 131_072;
/**
 * The first slab of a log; it grows as logs do. Small, since one receiver that does not read keeps all of the slab that its
 * last write was from.
 */
const FIRST_SLAB_BYTES = 8_192;
/** Room for a full log and its copy, and for some smaller ones before it that the kernel has not read yet. */
const LARGEST_SLAB_BYTES = 4 * LOG_BYTES;
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
const NO_SLAB = createSlab(0);
const spare: RoomLog[] = [];
let serials = 0;

export class RoomLog {
  /** Another one for each use. */
  serial = 0;
  /** Messages in it, and their bytes. */
  messages = 0;
  bytes = 0;
  #slab: Slab = NO_SLAB;
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
  /** How long logs were lately, bytes. */
  #usual = 0;

  /** An empty log. */
  static open(): RoomLog {
    const log = spare.pop() ?? new RoomLog();
    log.serial = ++serials;
    return log;
  }

  /**
   * Whether a message of `length` bytes of `sender` can be added: the log is not over `limit` then, {@link LOG_BYTES} at most,
   * and its frames stay together.
   */
  fits(sender: Sender, length: number, limit = LOG_BYTES): boolean {
    if (this.#end - this.#start + headerBytes(length) + length > limit) return false;
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
    const used = this.#end - this.#start + headerBytes(length) + length;
    // As much again for the copy.
    if (this.#start + 2 * used > this.#slab.bytes.length) this.#makeRoom(used);
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
    const used = this.#end - this.#start;
    this.#usual = Math.max(used, this.#usual >>> 1);
    if (kept)
      this.#start = this.#copied ? this.#end + (this.#ends[this.#parts - 2]! - this.#start) : this.#end;
    if (this.#slab.bytes.length > LARGEST_SLAB_BYTES) {
      this.#slab = NO_SLAB;
      this.#start = 0;
    }
    this.#end = this.#start;
    this.#copied = false;
    this.#last = undefined;
    this.#parts = 0;
    this.messages = 0;
    this.bytes = 0;
    if (spare.length < MOST_SPARE) spare.push(this);
  }

  /** Goes on in a slab that has room for a log of `used` bytes and its copy. */
  #makeRoom(used: number): void {
    // A message larger than any log is the only one of its log: nothing is copied.
    if (used > LOG_BYTES && this.#start + used <= this.#slab.bytes.length) return;
    const most = Math.min(Math.max(4 * used, 4 * this.#usual, FIRST_SLAB_BYTES), LARGEST_SLAB_BYTES);
    const slab = createSlab(Math.max(used, most));
    this.#slab.bytes.copy(slab.bytes, 0, this.#start, this.#end);
    for (let part = 0; part < this.#parts; part++) this.#ends[part]! -= this.#start;
    this.#end -= this.#start;
    this.#start = 0;
    this.#slab = slab;
  }
}
