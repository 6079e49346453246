/**
 * A video of three temporal layers as WebRTC calls it L1T3: frames of the layers 0 2 1 2, over and over. A frame of layer 0
 * refers to the one of layer 0 before it, one of layer 1 to the last of layer 0, one of layer 2 to the last of either.
 */
export const FPS = 30;
export const FRAME_MS = 1_000 / FPS;

const PATTERN = [0, 2, 1, 2] as const;
/** How far back each refers to. */
const BACK = [4, 1, 2, 1] as const;

export interface VideoPlan {
  /** Bytes a second, keyframes aside. */
  rate: number;
  /** Which parts of those bytes the layers have; 1 together. */
  shares: readonly [number, number, number];
  /** A keyframe has so many times the bytes of a mean frame. */
  keyframe: number;
}

/** 800 kbit/s; the shares are those that libwebrtc gives three layers. */
export const VIDEO: VideoPlan = { rate: 100_000, shares: [0.4, 0.2, 0.4], keyframe: 5 };

export interface VideoFrame {
  /** Counts from 1. */
  id: number;
  /** The frame that it refers to; 0 if it is a keyframe. */
  refers_to: number;
  layer: 0 | 1 | 2;
  keyframe: boolean;
  bytes: number;
}

/** Makes the frames one after the other. The first is a keyframe; so is each that is asked for. */
export class VideoSource {
  readonly #plan: VideoPlan;
  #id = 0;
  #place = 0;
  #keyframe = true;

  constructor(plan: VideoPlan) {
    this.#plan = plan;
  }

  needKeyframe(): void {
    this.#keyframe = true;
  }

  next(): VideoFrame {
    const id = ++this.#id;
    const { rate, shares, keyframe } = this.#plan;
    if (this.#keyframe) {
      this.#keyframe = false;
      this.#place = 1;
      return { id, refers_to: 0, layer: 0, keyframe: true, bytes: Math.round((rate / FPS) * keyframe) };
    }
    const place = this.#place++ % PATTERN.length;
    const layer = PATTERN[place]!;
    const per_second = PATTERN.filter((other) => other === layer).length * (FPS / PATTERN.length);
    const bytes = Math.round((rate * shares[layer]) / per_second);
    return { id, refers_to: id - BACK[place]!, layer, keyframe: false, bytes };
  }
}

/** What a decoder makes of the frames that arrive. */
export class Decoder {
  readonly #good = new Set<number>();

  /** Whether `frame` can be decoded: what it refers to was. */
  take({ id, refers_to }: Pick<VideoFrame, 'id' | 'refers_to'>): boolean {
    if (refers_to !== 0 && !this.#good.has(refers_to)) return false;
    this.#good.add(id);
    this.#good.delete(id - 2 * PATTERN.length);
    return true;
  }
}
