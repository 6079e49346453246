import { droppedClassName, MOST_DROPPED, type DroppedFrames } from '../../shared/protocol/control.ts';

/** Streams that are counted apart at most. */
const MOST_STREAMS = 1_024;
/** Time between two reports at least, ms. */
const EVERY_MS = 1_000;

/** How many frames were left out, of which class and stream of whom, until the receiver is told. */
export class LeftOut {
  readonly #counts = new Map<number, number>();
  #told_at = -Infinity;

  get empty(): boolean {
    return this.#counts.size === 0;
  }

  count(source: number, frame_class: number, stream: number): void {
    const key = (source << 8) | (frame_class << 5) | stream;
    const before = this.#counts.get(key);
    if (before !== undefined) this.#counts.set(key, before + 1);
    else if (this.#counts.size < MOST_STREAMS) this.#counts.set(key, 1);
  }

  /** What the receiver is to be told now; undefined if there is nothing, or it was told within the last second. */
  report(now: number): DroppedFrames[] | undefined {
    if (this.#counts.size === 0 || now - this.#told_at < EVERY_MS) return undefined;
    this.#told_at = now;
    const frames: DroppedFrames[] = [];
    for (const [key, count] of this.#counts) {
      if (frames.length === MOST_DROPPED) break;
      frames.push({ slot: key >>> 8, class: droppedClassName((key >>> 5) & 7), stream: key & 31, count });
      this.#counts.delete(key);
    }
    return frames;
  }

  forget(source: number): void {
    for (const key of this.#counts.keys()) if (key >>> 8 === source) this.#counts.delete(key);
  }
}
