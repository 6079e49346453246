import { FLOOR_MS, NEAR_FLOOR_MS } from './thresholds.ts';

/**
 * The least time from sending a message to its acknowledgement, as far as it is known: the length of the way there and
 * back, and the rhythm in which the client acknowledges.
 *
 * It falls with any sample. It rises only once nothing was near it for {@link FLOOR_MS}, and only to samples of messages
 * that waited behind nothing of ours. The smallest delay of the last ten seconds would not do: behind a link that is full
 * for longer it is that of a standing queue, which would be let grow once more from there, and so on.
 */
export class Floor {
  /** ms; undefined before the first sample. */
  value: number | undefined;
  /** When a sample was last near it, or it was set anew. */
  confirmed_at = 0;
  /** The least sample of an empty way since then. */
  #unhindered = Infinity;

  /** `delay`: of one message, ms. `unhindered`: it was small, and sent while nothing of weight was under way. */
  sample(delay: number, unhindered: boolean, now: number): void {
    const { value } = this;
    if (value === undefined || delay <= value + NEAR_FLOOR_MS) {
      this.#set(value === undefined ? delay : Math.min(value, delay), now);
      return;
    }
    if (!unhindered) return;
    this.#unhindered = Math.min(this.#unhindered, delay);
    if (now - this.confirmed_at >= FLOOR_MS) this.#set(this.#unhindered, now);
  }

  #set(value: number, now: number): void {
    this.value = value;
    this.confirmed_at = now;
    this.#unhindered = Infinity;
  }
}
