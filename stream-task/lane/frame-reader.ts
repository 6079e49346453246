/**
 * Reads the frames of a client (RFC 6455 §5). It answers the same bytes as `ws` does, which the tests hold it to. Hot: it
 * runs for each frame that comes in, so the usual frame is taken by one loop that allocates nothing.
 */
import type { FrameSink, ReaderLimits } from './frame-sink.ts';
import { Unfinished, VERDICT } from './unfinished.ts';

export type { FaultCode, FrameSink, ReaderLimits } from './frame-sink.ts';

/** First bytes of a whole message: FIN, nothing reserved. */
const WHOLE_TEXT = 0x81;
const WHOLE_BINARY = 0x82;
const MASKED = 0x80;
const LENGTH_16 = MASKED | 126;
/** Bytes of a header with the mask, the length in the second byte, or in two more. */
const SHORT_HEADER = 6;
const LONG_HEADER = 8;

/** In the place of what is under way once nothing is read any more: a field of its own would cost each idle connection. */
const OVER = new Unfinished();

/** One for each connection: four fields as long as nothing is under way. */
export class FrameReader {
  /**
   * When the message (or control frame) that is not complete yet began, by the clock of `read`; undefined if all is
   * complete. May be set, to excuse a time in which nothing could be read.
   */
  since: number | undefined;
  readonly #sink: FrameSink;
  readonly #limits: ReaderLimits;
  #unfinished: Unfinished | undefined;

  /** `limits` is kept, not copied: one object for all connections. */
  constructor(sink: FrameSink, limits: ReaderLimits) {
    this.since = undefined;
    this.#sink = sink;
    this.#limits = limits;
    this.#unfinished = undefined;
  }

  /**
   * Reads chunk[from, to), which came at `now`. Returns how far it came: to the end, unless the sink said stop; the rest is
   * to be brought again, or thrown away. After a close frame or a fault everything is passed over.
   */
  read(chunk: Buffer, from: number, to: number, now: number): number {
    let at = from;
    for (;;) {
      if (this.#unfinished === undefined) {
        const sink = this.#sink;
        const largest = this.#limits.max_message_bytes;
        // Nearly every frame: a whole message, wholly here. What is anything else is left to the code below, from its first
        // byte on, so that there is one place that finds faults.
        while (to - at >= SHORT_HEADER) {
          const first = chunk[at]!;
          // Without a mask it comes out negative.
          let length = chunk[at + 1]! - MASKED;
          let start = at + SHORT_HEADER;
          if (length >= LENGTH_16 - MASKED) {
            if (length > LENGTH_16 - MASKED) break;
            length = (chunk[at + 2]! << 8) | chunk[at + 3]!;
            start = at + LONG_HEADER;
          }
          const end = start + length;
          if ((first !== WHOLE_BINARY && first !== WHOLE_TEXT) || length < 0 || length > largest || end > to)
            break;
          // Four loads: one of 32 bits would need another view of the same memory, and bytes that are aligned.
          const mask =
            chunk[start - 4]! |
            (chunk[start - 3]! << 8) |
            (chunk[start - 2]! << 16) |
            (chunk[start - 1]! << 24);
          if (!sink.message(chunk, start, length, mask, first === WHOLE_BINARY)) return end;
          at = end;
        }
        if (at === to) return to;
        this.#unfinished = new Unfinished();
      }
      const unfinished: Unfinished = this.#unfinished;
      if (unfinished === OVER || at === to) return to;
      const verdict = unfinished.read(chunk, at, to, this.#sink, this.#limits);
      at = unfinished.at;
      if (verdict === VERDICT.OVER) {
        this.#unfinished = OVER;
        this.since = undefined;
        return to;
      }
      if (unfinished.nothing) {
        this.#unfinished = undefined;
        this.since = undefined;
      } else {
        this.since ??= now;
      }
      if (verdict === VERDICT.STOPPED) return at;
    }
  }
}
