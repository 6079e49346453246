/**
 * Reads the frame headers (RFC 6455 §5.2) in the bytes that a client sends, for what the WebSocket library does not tell:
 * how many frames a message is cut into, and since when one is under way. It checks nothing: that is the library's.
 */
const FIN = 0x80;
const OPCODE = 0x0f;
const LENGTH = 0x7f;
/** In the place of the length: it follows in 2 bytes, in 8 bytes. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const CONTINUATION = 0x0;
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
  #continuations = 0;

  /** Takes what came at `now`; the number of continuation frames that began in it. */
  push(chunk: Uint8Array, now: number): number {
    const end = chunk.length;
    this.#continuations = 0;
    let completed = false;
    for (let at = 0; at < end;) {
      if (this.#rest > 0) {
        const skipped = Math.min(this.#rest, end - at);
        this.#rest -= skipped;
        at += skipped;
        if (this.#rest === 0 && !this.#fragmented) completed = true;
      } else if (this.#read === 0 && at + 1 < end && (chunk[at + 1]! & LENGTH) < LENGTH_16) {
        // Nearly every frame: its header is here, and short.
        this.#first = chunk[at]!;
        this.#begin(chunk[at + 1]! & LENGTH);
        at += 2;
      } else {
        this.#headerByte(chunk[at++]!);
      }
    }
    const unfinished = this.#fragmented || this.#read > 0 || this.#rest > 0;
    if (!unfinished) this.since = undefined;
    else if (completed || this.since === undefined) this.since = now;
    return this.#continuations;
  }

  #headerByte(byte: number): void {
    const position = this.#read++;
    if (position === 0) {
      this.#first = byte;
      return;
    }
    if (position === 1) {
      const length = byte & LENGTH;
      this.#header = length === LENGTH_64 ? 10 : length === LENGTH_16 ? 4 : 2;
      this.#length = length < LENGTH_16 ? length : 0;
    } else {
      this.#length = this.#length * 256 + byte;
    }
    if (this.#read === this.#header) this.#begin(this.#length);
  }

  /** The header is complete. */
  #begin(length: number): void {
    const opcode = this.#first & OPCODE;
    this.#read = 0;
    this.#rest = MASK_BYTES + length;
    if (opcode >= FIRST_CONTROL) return;
    this.#fragmented = (this.#first & FIN) === 0;
    if (opcode === CONTINUATION) this.#continuations++;
  }
}
