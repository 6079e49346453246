/**
 * Reads the frame headers (RFC 6455 §5.2) in the bytes that a client sends, for what the WebSocket library does not tell:
 * how many frames a message is cut into, and since when one is under way. It checks nothing: that is the library's.
 */
const FIN = 0x80;
const OPCODE = 0x0f;
const LENGTH = 0x7f;
/** Opcodes from here on are of control frames, which may come between the fragments of a message. */
const FIRST_CONTROL = 0x8;
/** Every frame of a client is masked; the library ends the connection at one that is not. */
const MASK_BYTES = 4;

export class FrameMeter {
  /** When the message (or frame) that is not complete yet began; undefined if all is. The caller's clock. */
  since: number | undefined;
  #first = 0;
  /** Bytes of the header before the mask: read so far, and in all. */
  #read = 0;
  #header = 2;
  #length = 0;
  /** Bytes of mask and payload that are still to come. */
  #rest = 0;
  /** The last fragment of a message has not begun yet. */
  #fragmented = false;

  /** Takes what came at `now`; the number of continuation frames that began in it. */
  push(chunk: Uint8Array, now: number): number {
    let continuations = 0;
    let completed = false;
    for (let at = 0; at < chunk.length;) {
      if (this.#rest > 0) {
        const skipped = Math.min(this.#rest, chunk.length - at);
        this.#rest -= skipped;
        at += skipped;
        if (this.#rest === 0 && this.#opcode < FIRST_CONTROL && !this.#fragmented) completed = true;
        continue;
      }
      if (this.#headerByte(chunk[at++]!) && this.#opcode === 0) continuations++;
    }
    const unfinished = this.#fragmented || this.#read > 0 || this.#rest > 0;
    if (!unfinished) this.since = undefined;
    else if (completed || this.since === undefined) this.since = now;
    return continuations;
  }

  get #opcode(): number {
    return this.#first & OPCODE;
  }

  /** True when the header is complete. */
  #headerByte(byte: number): boolean {
    const position = this.#read++;
    if (position === 0) {
      this.#first = byte;
      return false;
    }
    if (position === 1) {
      const length = byte & LENGTH;
      this.#header = length === 127 ? 10 : length === 126 ? 4 : 2;
      this.#length = length > 125 ? 0 : length;
    } else {
      this.#length = this.#length * 256 + byte;
    }
    if (this.#read < this.#header) return false;
    this.#read = 0;
    this.#rest = MASK_BYTES + this.#length;
    if (this.#opcode < FIRST_CONTROL) this.#fragmented = (this.#first & FIN) === 0;
    return true;
  }
}
