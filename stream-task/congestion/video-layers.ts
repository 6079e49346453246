/**
 * Which frames of one source's videos may pass without a gap in what they refer to. A frame refers to frames of its own
 * layer or lower ones. So once a frame of layer k was left out, those above k - 1 make no picture until one of layer k - 1
 * or lower comes; after layer 0, nothing does until a keyframe.
 */

/** All layers of a stream may pass. */
const OPEN = 0;
/** Nothing but a keyframe. */
const KEYFRAME_ONLY = 1;
const STREAMS = 32;

export type VideoVerdict = 'pass' | 'leave_out' | 'await_keyframe';

export class VideoLayers {
  /** Of each stream {@link OPEN}, or 1 more than the lowest layer that was left out. */
  readonly #gaps = new Uint8Array(STREAMS);
  /** Streams that have a gap. */
  gaps = 0;

  /**
   * Decides on a frame that may be left out. `top`: the highest layer that the receiver can take now, -1 for none;
   * `keyframes`: whether it can take a keyframe. `await_keyframe`: left out, and so is all until a keyframe.
   */
  decide(stream: number, layer: number, keyframe: boolean, top: number, keyframes: boolean): VideoVerdict {
    const gap = this.#gaps[stream]!;
    if (gap === KEYFRAME_ONLY) {
      if (layer > 0 || !keyframe || !keyframes) return 'await_keyframe';
      this.#set(stream, OPEN);
      return 'pass';
    }
    if (gap !== OPEN && layer >= gap - 1) return 'leave_out';
    if (layer <= top) {
      this.#set(stream, OPEN);
      return 'pass';
    }
    this.#set(stream, layer + 1);
    return layer === 0 ? 'await_keyframe' : 'leave_out';
  }

  /** A frame that must not be left out went to the receiver. */
  passed(stream: number, layer: number, keyframe: boolean): void {
    const gap = this.#gaps[stream]!;
    if (gap === OPEN) return;
    if (gap === KEYFRAME_ONLY ? layer === 0 && keyframe : layer < gap - 1) this.#set(stream, OPEN);
  }

  /** How bad it is when a frame of `layer` is left out of `stream`: 1 layer 2, 2 layer 1, 3 all video. */
  severity(stream: number): 1 | 2 | 3 {
    const gap = this.#gaps[stream]!;
    return gap === KEYFRAME_ONLY ? 3 : gap === 2 ? 2 : 1;
  }

  /** Whether nothing of `stream` passes but a keyframe. */
  awaits(stream: number): boolean {
    return this.#gaps[stream] === KEYFRAME_ONLY;
  }

  #set(stream: number, gap: number): void {
    const before = this.#gaps[stream]!;
    if (before === gap) return;
    this.#gaps[stream] = gap;
    if (before === OPEN) this.gaps++;
    else if (gap === OPEN) this.gaps--;
  }
}
