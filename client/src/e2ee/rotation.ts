/** When our own key is to be changed. Pure: it says what is due, others do it. All times are ms of one steady clock. */
import { GATHER_MS, ROTATE_FRAMES, ROTATE_MS, SWITCH_MS } from './limits.ts';

/** `prepare`: draw a new key and give it to all who stay; `switch`: take it in use, half a second later. */
export type RotationStep = 'prepare' | 'switch';

export class Rotation {
  #in_use_since: number;
  /** When the first of those left who still have the key. */
  #left_at: number | undefined;
  #switch_at: number | undefined;

  constructor(now: number) {
    this.#in_use_since = now;
  }

  /** Somebody left who knows the key in use, or the one that waits. Those who leave within a second make one change. */
  left(now: number): void {
    this.#left_at ??= now;
  }

  /** A change is needed now: there are no more steps to ratchet. */
  hurry(now: number): void {
    this.#left_at = now - GATHER_MS;
  }

  /** What is due, which then counts as done. `frames`: sealed with the key in use. */
  poll(now: number, frames: number): RotationStep | undefined {
    if (this.#switch_at !== undefined) {
      if (now < this.#switch_at) return undefined;
      this.#switch_at = undefined;
      this.#in_use_since = now;
      return 'switch';
    }
    const gathered = this.#left_at !== undefined && now >= this.#left_at + GATHER_MS;
    if (!gathered && now < this.#in_use_since + ROTATE_MS && frames < ROTATE_FRAMES) return undefined;
    this.#left_at = undefined;
    this.#switch_at = now + SWITCH_MS;
    return 'prepare';
  }

  /** When something is due next, frames apart. */
  get deadline(): number {
    if (this.#switch_at !== undefined) return this.#switch_at;
    return this.#left_at === undefined ? this.#in_use_since + ROTATE_MS : this.#left_at + GATHER_MS;
  }
}
