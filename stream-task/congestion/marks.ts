/**
 * When messages were sent, in bounded memory: a queue of marks, each for the messages of a few milliseconds. The first is
 * kept in fields, since most connections have one at most.
 */

/** What the delay of a mark's first message says of the way: nothing, that it may have waited, that it did not wait. */
export const SAYS = { NOTHING: 0, HINDERED: 1, UNHINDERED: 2 } as const;
export type Says = (typeof SAYS)[keyof typeof SAYS];

/** Messages sent within so many ms share a mark. */
const SPACING_MS = 8;
/** Marks behind the first: half a second of a steady flow. When they are used up, each two become one. */
const MOST = 64;
const FIELDS = 3;

export class Marks {
  /** When the oldest message was sent, ms; Infinity if there is none. */
  at = Infinity;
  /** What its delay will say. */
  says: Says = SAYS.NOTHING;
  /** The number of the last message of the first mark. */
  #upto = 0;
  /** `upto, at, says` of each further mark, in a ring. */
  #rest: Float64Array | undefined;
  #first = 0;
  #count = 0;
  #last_at = 0;

  /** Messages up to number `upto` were sent at `now`. True if there was no mark before. */
  push(upto: number, now: number, says: Says): boolean {
    if (this.at === Infinity) {
      this.#upto = upto;
      this.at = this.#last_at = now;
      this.says = says;
      return true;
    }
    if (now - this.#last_at < SPACING_MS) {
      if (this.#count === 0) this.#upto = upto;
      else this.#rest![this.#slot(this.#count - 1)] = upto;
      return false;
    }
    this.#rest ??= new Float64Array(MOST * FIELDS);
    if (this.#count === MOST) this.#halve();
    const slot = this.#slot(this.#count++);
    this.#rest[slot] = upto;
    this.#rest[slot + 1] = this.#last_at = now;
    this.#rest[slot + 2] = says;
    return false;
  }

  /** Messages up to number `acked` were acknowledged. */
  drop(acked: number): void {
    while (this.at !== Infinity && this.#upto <= acked) {
      if (this.#count === 0) {
        this.at = Infinity;
        return;
      }
      const slot = this.#slot(0);
      this.#upto = this.#rest![slot]!;
      this.at = this.#rest![slot + 1]!;
      this.says = this.#rest![slot + 2]! as Says;
      this.#first = (this.#first + 1) % MOST;
      this.#count--;
    }
  }

  /** All that is under way was sent `ms` later, as it were, and its delay says nothing. */
  shift(ms: number, now: number): void {
    if (this.at === Infinity) return;
    this.at = Math.min(this.at + ms, now);
    this.says = SAYS.NOTHING;
    this.#last_at = Math.min(this.#last_at + ms, now);
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slot(i);
      this.#rest![slot + 1] = Math.min(this.#rest![slot + 1]! + ms, now);
      this.#rest![slot + 2] = SAYS.NOTHING;
    }
  }

  /** Gives memory back that is not needed now. */
  trim(): void {
    if (this.#count === 0) this.#rest = undefined;
  }

  /** Each two marks become one that has the time of the older; it is too broad to say anything. */
  #halve(): void {
    const rest = this.#rest!;
    const half = new Float64Array(MOST * FIELDS);
    for (let i = 0; i < MOST; i += 2) {
      half[(i / 2) * FIELDS] = rest[this.#slot(i + 1)]!;
      half[(i / 2) * FIELDS + 1] = rest[this.#slot(i) + 1]!;
    }
    this.#rest = half;
    this.#first = 0;
    this.#count = MOST / 2;
  }

  #slot(index: number): number {
    return ((this.#first + index) % MOST) * FIELDS;
  }
}
