/**
 * A link in virtual time, as a slow receiver has it: so many bytes a second through a buffer that never fills, a way that
 * takes a while, and a client that acknowledges as the SDK does, 50 ms after a message that it has not confirmed yet.
 */
export interface LinkPlan {
  /** Bytes per ms that come through; may change over time. */
  rate: (now: number) => number;
  /** One way, ms, drawn anew for each packet; the order stays. */
  delay: (now: number) => number;
  /** How long the client waits before it acknowledges, ms; Infinity: it never does. */
  ack_after: number;
  /** In place of that: it acknowledges in this rhythm, ms, whenever anything is new. */
  ack_every?: number;
}

interface Sent<T> {
  message: T;
  bytes: number;
}

export interface Arrival<T> {
  message: T;
  at: number;
}

/** Bytes that TCP/IP and the WebSocket add to a message. */
const OVERHEAD = 60;

export class Link<T> {
  readonly arrived: Arrival<T>[] = [];
  readonly #plan: LinkPlan;
  readonly #acknowledge: (count: number, now: number) => void;
  readonly #queue: Sent<T>[] = [];
  /** Bytes of the first message of the queue that have gone through. */
  #through = 0;
  #under_way: Arrival<T>[] = [];
  #acks: { count: number; at: number }[] = [];
  #received = 0;
  #ack_at = Infinity;
  #last_ack = 0;

  constructor(plan: LinkPlan, acknowledge: (count: number, now: number) => void) {
    this.#plan = plan;
    this.#acknowledge = acknowledge;
  }

  /** Bytes that wait before the link. */
  get queued(): number {
    let bytes = -this.#through;
    for (const message of this.#queue) bytes += message.bytes;
    return bytes;
  }

  send(message: T, bytes: number): void {
    this.#queue.push({ message, bytes: bytes + OVERHEAD });
  }

  #nextAck(now: number): number {
    const { ack_after, ack_every } = this.#plan;
    return ack_every === undefined ? now + ack_after : (Math.floor(now / ack_every) + 1) * ack_every;
  }

  /** What happens within the millisecond that ends at `now`. */
  step(now: number): void {
    this.#through += this.#plan.rate(now);
    while (this.#queue.length > 0 && this.#through >= this.#queue[0]!.bytes) {
      const { message, bytes } = this.#queue.shift()!;
      this.#through -= bytes;
      const before = this.#under_way.at(-1)?.at ?? 0;
      this.#under_way.push({ message, at: Math.max(before, now + this.#plan.delay(now)) });
    }
    if (this.#queue.length === 0) this.#through = 0;
    while (this.#under_way.length > 0 && this.#under_way[0]!.at <= now) {
      this.arrived.push({ message: this.#under_way.shift()!.message, at: now });
      this.#received++;
      if (this.#ack_at === Infinity) this.#ack_at = this.#nextAck(now);
    }
    if (this.#ack_at <= now) {
      this.#ack_at = Infinity;
      this.#last_ack = Math.max(this.#last_ack, now + this.#plan.delay(now));
      this.#acks.push({ count: this.#received, at: this.#last_ack });
    }
    while (this.#acks.length > 0 && this.#acks[0]!.at <= now) {
      this.#acknowledge(this.#acks.shift()!.count >>> 0, now);
    }
  }
}
