/** Which CTRs came already, of the latest 1,024 (RFC 9605 §9.3). */
import { REPLAY_WINDOW } from './limits.ts';

export class ReplayWindow {
  /** A bit for each CTR, at its remainder. */
  readonly #seen = new Uint32Array(REPLAY_WINDOW / 32);
  #highest = -1;

  /** Whether a frame with this CTR is worth opening. Changes nothing. */
  isFresh(ctr: number): boolean {
    if (ctr > this.#highest) return true;
    if (ctr <= this.#highest - REPLAY_WINDOW) return false;
    return (this.#seen[(ctr % REPLAY_WINDOW) >>> 5]! & (1 << (ctr & 31))) === 0;
  }

  /** Notes the CTR of a frame that was authenticated. False if it came before, or is too old to tell. */
  accept(ctr: number): boolean {
    if (!this.isFresh(ctr)) return false;
    if (ctr > this.#highest) this.#advance(ctr);
    this.#seen[(ctr % REPLAY_WINDOW) >>> 5]! |= 1 << (ctr & 31);
    return true;
  }

  #advance(ctr: number): void {
    if (ctr - this.#highest >= REPLAY_WINDOW) {
      this.#seen.fill(0);
    } else {
      for (let passed = this.#highest + 1; passed <= ctr; passed++) {
        this.#seen[(passed % REPLAY_WINDOW) >>> 5]! &= ~(1 << (passed & 31));
      }
    }
    this.#highest = ctr;
  }
}
