/** How many seconds' worth of its rate a client may send at once: room for a backlog after a stall of its network. */
export const BURST_S = 2;

/**
 * How much standing still is excused at most, ms: what a client sent in that time lies in the buffers of the kernel, which
 * hold a few megabytes.
 */
const EXCUSED_MOST_MS = 15_000;

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
    const { messages_per_second, bytes_per_second } = this.#limits;
    this.#messages = filled(this.#messages, seconds * messages_per_second, this.#most_messages);
    this.#bytes = filled(this.#bytes, seconds * bytes_per_second, this.#most_bytes);
    if (this.#messages < messages || this.#bytes < bytes) return false;
    this.#messages -= messages;
    this.#bytes -= bytes;
    return true;
  }

  /**
   * Nothing was read for `ms`: what the client sent in that time, at its rate, comes at once, on top of the burst. Beyond
   * {@link EXCUSED_MOST_MS} no more is excused.
   */
  excuse(ms: number): void {
    const seconds = Math.min(ms, EXCUSED_MOST_MS) / 1_000;
    this.#messages += seconds * this.#limits.messages_per_second;
    this.#bytes += seconds * this.#limits.bytes_per_second;
    this.#filled_at += ms;
  }
}

/** A bucket after `more` came into it: up to `most`, unless it held more than that already. */
function filled(level: number, more: number, most: number): number {
  return Math.max(level, Math.min(most, level + more));
}
