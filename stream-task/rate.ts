/** How many seconds' worth of its rate a client may send at once: room for a backlog after a stall of its network. */
export const BURST_S = 2;

export interface RateLimits {
  messages_per_second: number;
  bytes_per_second: number;
  /** One message of this size always fits, however low the byte rate is. */
  largest_message: number;
}

/** Two token buckets, messages and bytes, of one client. */
export class Rate {
  readonly #limits: RateLimits;
  readonly #most_messages: number;
  readonly #most_bytes: number;
  #messages: number;
  #bytes: number;
  #filled_at: number;

  /** `now` is monotonic, ms. */
  constructor(limits: RateLimits, now: number) {
    this.#limits = limits;
    this.#most_messages = limits.messages_per_second * BURST_S;
    this.#most_bytes = Math.max(limits.bytes_per_second * BURST_S, limits.largest_message);
    this.#messages = this.#most_messages;
    this.#bytes = this.#most_bytes;
    this.#filled_at = now;
  }

  /** Takes one message of `bytes` at `now`, or `messages` of them together; false if the client is over its rate. */
  take(bytes: number, now: number, messages = 1): boolean {
    const seconds = (now - this.#filled_at) / 1_000;
    this.#filled_at = now;
    this.#messages = Math.min(
      this.#most_messages,
      this.#messages + seconds * this.#limits.messages_per_second,
    );
    this.#bytes = Math.min(this.#most_bytes, this.#bytes + seconds * this.#limits.bytes_per_second);
    if (this.#messages < messages || this.#bytes < bytes) return false;
    this.#messages -= messages;
    this.#bytes -= bytes;
    return true;
  }
}
