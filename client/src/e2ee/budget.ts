/** So many frames and bytes in a second, and no more. */
export class Budget {
  readonly #frames: number;
  readonly #bytes: number;
  #second_at = -Infinity;
  #frames_left = 0;
  #bytes_left = 0;

  constructor(frames: number, bytes: number) {
    this.#frames = frames;
    this.#bytes = bytes;
  }

  /** Whether a frame may go at `now`, ms, of a clock that never goes back; it then counts. */
  take(bytes: number, now: number): boolean {
    if (now >= this.#second_at + 1_000) {
      this.#second_at = now;
      this.#frames_left = this.#frames;
      this.#bytes_left = this.#bytes;
    }
    if (this.#frames_left < 1 || this.#bytes_left < bytes) return false;
    this.#frames_left--;
    this.#bytes_left -= bytes;
    return true;
  }
}
