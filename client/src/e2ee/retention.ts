/** What a sender keeps to send again: its sealed frames of contexts 0 and 1, for 30 s, 256 KB of them at most. */
import type { Context } from './kid.ts';
import type { Place } from './lanes.ts';
import { RETENTION_BYTES, RETENTION_MS } from './limits.ts';
import type { Range } from './reorder.ts';

export interface KeptFrame extends Place {
  context: Context;
  /** As it was sent; only the slots of its header may change. */
  frame: Uint8Array<ArrayBuffer>;
}

export class Retention {
  /** From the oldest to the latest. */
  readonly #kept: (KeptFrame & { at: number })[] = [];
  #bytes = 0;

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a frame that goes out at `now` (ms, of a clock that never goes back). */
  add(frame: KeptFrame, now: number): void {
    this.#kept.push({ ...frame, at: now });
    this.#bytes += frame.frame.length;
    this.expire(now);
  }

  /** The frames of a lane that are still there, in the order in which they went out. */
  find(context: Context, lane: number, ranges: readonly Range[], now: number): KeptFrame[] {
    this.expire(now);
    return this.#kept.filter(
      (kept) =>
        kept.context === context &&
        kept.lane === lane &&
        ranges.some(({ first, last }) => kept.sequence >= first && kept.sequence <= last),
    );
  }

  /** Number of the oldest of a lane; undefined if there are none. */
  first(context: Context, lane: number): number | undefined {
    return this.#kept.find((kept) => kept.context === context && kept.lane === lane)?.sequence;
  }

  /** Drops the frames of a lane whose member left: whoever has it next is not to have them. */
  forget(lane: number): void {
    for (let i = this.#kept.length - 1; i >= 0; i--) {
      const { lane: kept, frame } = this.#kept[i]!;
      if (kept !== lane) continue;
      this.#bytes -= frame.length;
      this.#kept.splice(i, 1);
    }
  }

  /** Drops what is too old or too much. */
  expire(now: number): void {
    let dropped = 0;
    for (const { at, frame } of this.#kept) {
      if (now - at < RETENTION_MS && this.#bytes <= RETENTION_BYTES) break;
      this.#bytes -= frame.length;
      dropped++;
    }
    this.#kept.splice(0, dropped);
  }
}
