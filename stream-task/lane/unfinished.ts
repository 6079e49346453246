/**
 * What a client has begun and not finished: a frame whose end has not come, a message whose last fragment has not come. It
 * takes every frame there is, byte by byte in the header; `frame-reader.ts` takes most of them before they come here.
 */
import { isUtf8 } from 'node:buffer';
import type { FaultCode, FrameSink, ReaderLimits } from './frame-sink.ts';
import { NO_CODE, OPCODE } from './server-frame.ts';
import { giveBuffer, takeBuffer } from './spare-buffers.ts';

/** How it stands after a read. Numbers, as they are compared on the hot path. */
export const VERDICT = {
  /** All bytes are read, and more are needed. */
  UNFINISHED: 0,
  /** A control frame or a message is finished, at `at`. */
  FINISHED: 1,
  /** The sink said stop, at `at`. */
  STOPPED: 2,
  /** The peer's close frame or a fault: nothing is read any more. */
  OVER: 3,
} as const;
export type Verdict = (typeof VERDICT)[keyof typeof VERDICT];
const { UNFINISHED, FINISHED, STOPPED, OVER } = VERDICT;

// RFC 6455 §5.2
const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE_BITS = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
/** In the place of the length: it follows in 2 bytes, in 8 bytes. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;
/** The first two bytes, which any header has. */
const SHORTEST_HEADER = 2;
/** RFC 6455 §5.5: of a control frame. */
const MAX_CONTROL_PAYLOAD = 125;

const EMPTY: Buffer = Buffer.alloc(0);

/** Used until nothing is under way any more, then thrown away: an idle connection has none. */
export class Unfinished {
  /** Where the last read ended. */
  at = 0;
  /** First byte of the frame. */
  #first = 0;
  /** Bytes of the header: read so far, and in all (as far as is known yet). They are equal while the payload comes. */
  #read = 0;
  #header = SHORTEST_HEADER;
  #mask = 0;
  /** Bytes of the payload: in all, and read so far. */
  #length = 0;
  #here = 0;
  /** Reads that the payload has taken so far. */
  #pieces = 0;
  /** Opcode of the message whose last fragment has not begun yet; 0: none. */
  #opcode: number = OPCODE.CONTINUATION;
  #fragments = 0;
  /** The message so far, then the payload that is coming, still masked. */
  #message = EMPTY;
  /** Bytes of it that belong to finished fragments. */
  #before = 0;
  /** Payload of the control frame that is coming. */
  #control = EMPTY;

  /** No frame and no message is under way. */
  get nothing(): boolean {
    return this.#read === 0 && this.#opcode === OPCODE.CONTINUATION;
  }

  /** Reads on in chunk[from, to), which is not empty, no further than to the end of what is under way. Sets `at`. */
  read(chunk: Buffer, from: number, to: number, sink: FrameSink, limits: ReaderLimits): Verdict {
    this.at = from;
    if (this.#read === this.#header && this.#pieces >= limits.max_pieces) return this.#fault(1008, sink);
    while (this.at < to) {
      const verdict =
        this.#read < this.#header
          ? this.#headerByte(chunk[this.at++]!, sink, limits)
          : this.#payload(chunk, to, sink, limits);
      if (verdict !== UNFINISHED) return verdict;
    }
    return UNFINISHED;
  }

  #headerByte(byte: number, sink: FrameSink, limits: ReaderLimits): Verdict {
    const position = this.#read++;
    if (position === 0) {
      this.#first = byte;
      // Of the fragment or control frame before.
      this.#length = 0;
      this.#mask = 0;
      return UNFINISHED;
    }
    const mask_at = this.#header - MASK_BYTES;
    if (position === 1) {
      if (!this.#allowed(byte)) return this.#fault(1002, sink);
      const length = byte & LENGTH;
      this.#header = MASK_BYTES + (length === LENGTH_64 ? 10 : length === LENGTH_16 ? 4 : SHORTEST_HEADER);
      if (length >= LENGTH_16) return UNFINISHED;
      this.#length = length;
      return this.#begin(sink, limits);
    }
    if (position < mask_at) {
      // Above 2^53 it is not exact, and too large whatever it is.
      this.#length = this.#length * 256 + byte;
      return position + 1 === mask_at ? this.#begin(sink, limits) : UNFINISHED;
    }
    this.#mask |= byte << ((position - mask_at) * 8);
    return this.#read === this.#header && this.#length === 0 ? this.#complete(sink, limits) : UNFINISHED;
  }

  /** RFC 6455 §5.2, §5.4, §5.5, of the first two bytes. */
  #allowed(second: number): boolean {
    if ((this.#first & RESERVED) !== 0 || (second & MASKED) === 0) return false;
    const final = (this.#first & FIN) !== 0;
    const length = second & LENGTH;
    const opcode = this.#first & OPCODE_BITS;
    switch (opcode) {
      case OPCODE.CONTINUATION:
        return this.#opcode !== OPCODE.CONTINUATION;
      case OPCODE.TEXT:
      case OPCODE.BINARY:
        return this.#opcode === OPCODE.CONTINUATION;
      case OPCODE.CLOSE:
        return final && length <= MAX_CONTROL_PAYLOAD && length !== 1;
      case OPCODE.PING:
      case OPCODE.PONG:
        return final && length <= MAX_CONTROL_PAYLOAD;
      default:
        return false;
    }
  }

  /**
   * The length is known, and the mask is still to come: so there is a byte left to read that completes the frame, also if
   * the sink says stop here and its payload is empty.
   */
  #begin(sink: FrameSink, limits: ReaderLimits): Verdict {
    this.#here = 0;
    this.#pieces = 0;
    const opcode = this.#first & OPCODE_BITS;
    if (opcode >= OPCODE.CLOSE) {
      // From Node's pool: it is let go of at once, or is the sink's.
      this.#control = Buffer.allocUnsafe(this.#length);
      return UNFINISHED;
    }
    if (this.#before + this.#length > limits.max_message_bytes) return this.#fault(1009, sink);
    if (opcode !== OPCODE.CONTINUATION) {
      this.#opcode = opcode;
      return UNFINISHED;
    }
    return sink.fragment() ? UNFINISHED : STOPPED;
  }

  #payload(chunk: Buffer, to: number, sink: FrameSink, limits: ReaderLimits): Verdict {
    const end = Math.min(to, this.at + this.#length - this.#here);
    const bytes = end - this.at;
    if ((this.#first & OPCODE_BITS) >= OPCODE.CLOSE) {
      chunk.copy(this.#control, this.#here, this.at, end);
    } else {
      const filled = this.#before + this.#here;
      if (filled + bytes > this.#message.length) this.#grow(filled, filled + bytes);
      chunk.copy(this.#message, filled, this.at, end);
    }
    this.#here += bytes;
    this.at = end;
    if (this.#here === this.#length) return this.#complete(sink, limits);
    this.#pieces++;
    return UNFINISHED;
  }

  /**
   * Makes room for `needed` bytes, and for as many again if that many are announced: who announces 16 MB and sends one byte
   * costs 1 KB. In powers of two, so that many small fragments are not copied each time.
   */
  #grow(filled: number, needed: number): void {
    const larger = takeBuffer(Math.min(needed * 2, this.#before + this.#length));
    this.#message.copy(larger, 0, 0, filled);
    giveBuffer(this.#message);
    this.#message = larger;
  }

  /** The frame is here to its last byte. */
  #complete(sink: FrameSink, limits: ReaderLimits): Verdict {
    this.#read = 0;
    this.#header = SHORTEST_HEADER;
    if ((this.#first & OPCODE_BITS) >= OPCODE.CLOSE) return this.#completeControl(sink);
    if (++this.#fragments > limits.max_fragments) return this.#fault(1008, sink);
    const final = (this.#first & FIN) !== 0;
    const length = this.#before + this.#length;
    // A message in one frame is unmasked by who takes it, on the way to where it goes.
    const mask = final && this.#fragments === 1 ? this.#mask : 0;
    if (mask === 0) unmask(this.#message, this.#before, length, this.#mask);
    if (!final) {
      this.#before = length;
      return UNFINISHED;
    }
    const binary = this.#opcode === OPCODE.BINARY;
    this.#opcode = OPCODE.CONTINUATION;
    const go_on = sink.message(this.#message, 0, length, mask, binary);
    giveBuffer(this.#message);
    return go_on ? FINISHED : STOPPED;
  }

  #completeControl(sink: FrameSink): Verdict {
    const data = this.#control;
    this.#control = EMPTY;
    const opcode = this.#first & OPCODE_BITS;
    if (opcode !== OPCODE.PONG) unmask(data, 0, data.length, this.#mask);
    if (opcode === OPCODE.CLOSE) return this.#close(data, sink);
    const go_on = opcode === OPCODE.PING ? sink.ping(data) : sink.pong(data.length);
    return go_on ? FINISHED : STOPPED;
  }

  #close(data: Buffer, sink: FrameSink): Verdict {
    if (data.length === 0) {
      sink.close(NO_CODE, EMPTY);
      return OVER;
    }
    const code = data.readUInt16BE(0);
    if (!mayBeSent(code)) return this.#fault(1002, sink);
    const reason = data.subarray(2);
    if (!isUtf8(reason)) return this.#fault(1007, sink);
    sink.close(code, reason);
    return OVER;
  }

  #fault(code: FaultCode, sink: FrameSink): Verdict {
    sink.fault(code);
    return OVER;
  }
}

/** Codes that may be in a close frame: RFC 6455 §7.4, and the registry that it set up. */
function mayBeSent(code: number): boolean {
  if (code >= 3_000) return code <= 4_999;
  return code >= 1_000 && code <= 1_014 && code !== 1_004 && code !== NO_CODE && code !== 1_006;
}

/** RFC 6455 §5.3, in place: of data[from, to), whose first byte belongs to the first one of the mask. */
function unmask(data: Buffer, from: number, to: number, mask: number): void {
  if (mask === 0) return;
  // A store into a Buffer takes the low 8 bits.
  for (let at = from; at < to; at++) data[at]! ^= mask >>> (((at - from) & 3) << 3);
}
