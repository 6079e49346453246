import { CLOCK_SKEW_MS, REQUEST_LIMIT_MS } from '../../shared/domain/liveness.ts';
import type { Random } from '../../shared/ports/random.ts';

/** Every number that a room may have: few, so that they are taken often and used again soon. */
const ROOM_IDS = Array.from({ length: 8 }, (_, id) => id);
/**
 * A number that was drawn, and of which no room came, is drawn again after so long: a create that hangs between reading the
 * clock and being written must not come after a later room of its number.
 */
const REST_MS = REQUEST_LIMIT_MS + CLOCK_SKEW_MS;

/** Draws room ids: numbers that are taken, or that have rested. */
export class RoomIds {
  readonly #random: Random;
  readonly #rests = new Map<number, number>();
  #fresh = ROOM_IDS.length;
  /** The last that became free: drawn again as often as all others together. */
  #freed: number | undefined;
  #taken: ReadonlySet<number> = new Set();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Which rooms there are now. */
  note(room_ids: Iterable<string>): void {
    const taken = new Set(Array.from(room_ids, Number));
    for (const id of taken) this.#rests.delete(id);
    for (const id of this.#taken) if (!taken.has(id)) this.#freed = id;
    this.#taken = taken;
  }

  draw(now: number): number {
    const fit = ROOM_IDS.filter((id) => this.#taken.has(id) || (this.#rests.get(id) ?? 0) <= now);
    const again = fit.find((one) => one === this.#freed && !this.#taken.has(one));
    const anew = again !== undefined && this.#random.integer(2) === 0;
    const id = anew ? again : fit.length > 0 ? fit[this.#random.integer(fit.length)]! : this.#fresh++;
    if (!this.#taken.has(id)) this.#rests.set(id, now + REST_MS);
    return id;
  }
}
