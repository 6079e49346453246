import { VideoLayers } from './video-layers.ts';

/** What is left out of the frames of one source for one receiver. */
export class SlowSource {
  readonly video = new VideoLayers();
  /** The level that the source is told: 0 nothing, 1 layer 2, 2 layer 1, 3 all video is left out. */
  level = 0;
  #worst = 0;
  #worst_before = 0;

  /** Something was left out at `severity`. Returns the level that follows. */
  worse(severity: number): number {
    if (severity > this.#worst) this.#worst = severity;
    return Math.max(this.level, severity);
  }

  /** Every now and then. Returns the level: the worst of this span and the one before. */
  beat(): number {
    const level = Math.max(this.#worst, this.#worst_before);
    this.#worst_before = this.#worst;
    this.#worst = 0;
    return level;
  }

  /** Whether there is nothing to keep. */
  get idle(): boolean {
    return this.level === 0 && this.#worst === 0 && this.#worst_before === 0 && this.video.gaps === 0;
  }
}
