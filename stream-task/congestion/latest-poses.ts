import { MESSAGE_OVERHEAD_BYTES } from '../outbox.ts';

/** What may wait for one receiver, overhead included: some 500 avatars. */
const MOST_BYTES = 256 * 1_024;
/** What is sent at once at most, so that one batch is not the next queue. */
const BATCH_BYTES = 8 * 1_024;

/** The newest pose of each stream of each source, held until the receiver can take it. */
export class LatestPoses {
  /** In the order in which they began to wait: a newer pose takes the place of the one before. */
  readonly #held = new Map<number, Uint8Array>();
  #bytes = 0;

  get size(): number {
    return this.#held.size;
  }

  /** Keeps a copy of `frame`. `left_out` is called for each pose that will not be sent for it, with its key. */
  hold(key: number, frame: Uint8Array, left_out: (key: number) => void): void {
    const before = this.#held.get(key);
    if (before !== undefined) {
      this.#bytes -= before.length + MESSAGE_OVERHEAD_BYTES;
      left_out(key);
    }
    // `slice` of a Buffer would be a view of the log.
    this.#held.set(key, new Uint8Array(frame));
    this.#bytes += frame.length + MESSAGE_OVERHEAD_BYTES;
    for (const [oldest, { length }] of this.#held) {
      if (this.#bytes <= MOST_BYTES) return;
      this.#held.delete(oldest);
      this.#bytes -= length + MESSAGE_OVERHEAD_BYTES;
      left_out(oldest);
    }
  }

  /** Up to `most` poses that have waited longest, back to back; undefined if there are none. */
  release(most: number): { frames: Uint8Array; messages: number } | undefined {
    const batch: Uint8Array[] = [];
    let bytes = 0;
    for (const [key, frame] of this.#held) {
      if (batch.length >= most || (batch.length > 0 && bytes + frame.length > BATCH_BYTES)) break;
      batch.push(frame);
      bytes += frame.length;
      this.#held.delete(key);
      this.#bytes -= frame.length + MESSAGE_OVERHEAD_BYTES;
    }
    return batch.length === 0 ? undefined : { frames: Buffer.concat(batch, bytes), messages: batch.length };
  }

  /** Forgets the one that is held for `key`. True if there was one. */
  forget(key: number): boolean {
    const frame = this.#held.get(key);
    if (frame === undefined) return false;
    this.#held.delete(key);
    this.#bytes -= frame.length + MESSAGE_OVERHEAD_BYTES;
    return true;
  }
}
