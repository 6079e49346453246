import type { AckClock } from './ack-clock.ts';
import {
  AUDIO_MS,
  BASE_LAYER_MS,
  KEYFRAME_BYTES_PER_MS,
  KEYFRAME_GRACE_MS,
  MIDDLE_LAYER_MS,
} from './thresholds.ts';

/** What a keyframe that went to a receiver makes of the frames behind it, until the receiver caught up. */
export class KeyframeGrace {
  /** Beyond it layer 0 is left out, ms. */
  base_layer_ms = BASE_LAYER_MS;
  /** Whether nothing above layer 0 is sent: the receiver was too late for it, and nothing was acknowledged since. */
  base_only = false;
  /** The number of the keyframe. */
  #number = 0;
  #until = -Infinity;

  get lasts(): boolean {
    return this.#until > -Infinity;
  }

  /** A keyframe of `bytes` follows message number `after`. `awaited`: nothing of its stream went before it. */
  keyframe(after: number, bytes: number, awaited: boolean, now: number): void {
    if (awaited) this.base_only = true;
    // One while another's grace lasts gets none of its own: the frames behind would be later and later.
    if (this.lasts) return;
    this.base_layer_ms = Math.min(BASE_LAYER_MS + bytes / KEYFRAME_BYTES_PER_MS, AUDIO_MS);
    this.#number = after + 1;
    this.#until = now + KEYFRAME_GRACE_MS;
  }

  step(clock: AckClock, excess: number, now: number): void {
    if (!this.lasts) return;
    const caught_up = clock.hasAcked(this.#number) && excess <= MIDDLE_LAYER_MS;
    if (!caught_up && now < this.#until) return;
    this.base_layer_ms = BASE_LAYER_MS;
    this.base_only = false;
    this.#until = -Infinity;
  }
}
