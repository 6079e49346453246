import { Floor } from './floor.ts';
import { Marks, SAYS } from './marks.ts';

/** What one packet carries: a larger message takes time of its own. */
const SMALL_BYTES = 1_400;

/**
 * How late one receiver is, from what was sent to it and what it acknowledged. Numbers of messages count from 1 and never
 * wrap here; on the wire they are 32 bits wide.
 */
export class AckClock {
  readonly #marks = new Marks();
  readonly #floor = new Floor();
  /** When an acknowledgement last said anything of the way, ms. */
  sampled_at = 0;
  /** By how much that took longer than the floor, ms. */
  sample_excess = 0;
  #sent = 0;
  #acked = 0;
  /** The last message that may have made others wait. */
  #weighty = 0;

  /** The client acknowledges for the first time: before, `sent` messages went to it, the first of them at `first_at`. */
  constructor(sent: number, first_at: number, now: number) {
    if (sent === 0) return;
    this.#sent = sent;
    this.#weighty = sent;
    this.#marks.push(1, first_at, SAYS.HINDERED);
    // When the others were sent is not known.
    if (sent > 1) this.#marks.push(sent, now, SAYS.NOTHING);
  }

  /** How many messages were sent and not acknowledged. */
  get under_way(): number {
    return this.#sent - this.#acked;
  }

  /** The number of the last message sent. */
  get last_sent(): number {
    return this.#sent;
  }

  /** Whether message number `number` is acknowledged. */
  hasAcked(number: number): boolean {
    return this.#acked >= number;
  }

  /** When the oldest message under way was sent; Infinity if there is none. */
  get oldest_at(): number {
    return this.#marks.at;
  }

  /** ms; undefined while it is not known. */
  get floor(): number | undefined {
    return this.#floor.value;
  }

  get floor_confirmed_at(): number {
    return this.#floor.confirmed_at;
  }

  /** By how much the oldest message under way is older than this receiver's acknowledgements take, ms; 0 and more. */
  excess(now: number): number {
    const { value } = this.#floor;
    return value === undefined || this.#marks.at === Infinity ? 0 : Math.max(0, now - this.#marks.at - value);
  }

  /**
   * `messages` of `bytes` together were sent. `weighty`: there may be many such, so that what is sent after them may wait
   * behind them in a queue of ours.
   */
  sent(messages: number, bytes: number, weighty: boolean, now: number): void {
    const says = this.#acked >= this.#weighty && bytes <= SMALL_BYTES ? SAYS.UNHINDERED : SAYS.HINDERED;
    this.#sent += messages;
    this.#marks.push(this.#sent, now, says);
    if (weighty) this.#weighty = this.#sent;
  }

  /**
   * `count`: of messages received, modulo 2^32. Returns how many that acknowledges anew: 0 for one that says more than was
   * sent, or less than before.
   */
  acked(count: number, now: number): number {
    const behind = (this.#sent - count) >>> 0;
    const fresh = this.#sent - behind - this.#acked;
    if (fresh <= 0) return 0;
    const { at, says } = this.#marks;
    if (says !== SAYS.NOTHING) {
      this.#floor.sample(now - at, says === SAYS.UNHINDERED, now);
      this.sample_excess = now - at - (this.#floor.value ?? 0);
      this.sampled_at = now;
    }
    this.#acked += fresh;
    this.#marks.drop(this.#acked);
    return fresh;
  }

  /** The relay itself stood still for `ms`: acknowledgements may lie unread. */
  excuse(ms: number, now: number): void {
    this.#marks.shift(ms, now);
  }

  trim(): void {
    this.#marks.trim();
  }
}
