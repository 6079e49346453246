/** A receiver that lost layer 0 again so soon after a keyframe cannot take the video as it is, ms. */
const SOON_MS = 10_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 4_000;

/**
 * When one receiver may ask for a keyframe: at once, but less and less often if it cannot follow behind one either. Each
 * keyframe goes to everybody, who pay for it.
 */
export class KeyframeNeed {
  #regained_at = -Infinity;
  #wait = 0;
  #ask_from = 0;

  /** All video of a stream is left out from now on. */
  lost(now: number): void {
    const soon = now - this.#regained_at < SOON_MS;
    this.#wait = soon ? Math.min(Math.max(this.#wait * 2, FIRST_WAIT_MS), LONGEST_WAIT_MS) : 0;
    this.#ask_from = now + this.#wait;
  }

  /** A keyframe of such a stream was let through. */
  regained(now: number): void {
    this.#regained_at = now;
  }

  mayAsk(now: number): boolean {
    return now >= this.#ask_from;
  }
}
