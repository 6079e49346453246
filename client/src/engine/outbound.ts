import type { Told } from './messages.ts';

/** What comes within this time after a message to the page goes with the next one, ms: poses come by the thousand a second. */
const BATCH_MS = 4;
/** How often the page is told how much still waits in the socket, while any does, ms. */
const DRAIN_MS = 50;

export interface Counts {
  taken: number;
  buffered: number;
}

/** Gathers what a page is to hear: the first at once, what follows closely together. */
export class Outbound {
  readonly #post: (events: Told[], transfer: readonly ArrayBuffer[], counts: Counts) => void;
  readonly #count: () => Counts;
  #events: Told[] = [];
  /** Of frames; views of one buffer transfer it once. */
  readonly #buffers = new Set<ArrayBuffer>();
  #posted: Counts = { taken: 0, buffered: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Something was posted just now. */
  #batching = false;

  constructor(
    post: (events: Told[], transfer: readonly ArrayBuffer[], counts: Counts) => void,
    count: () => Counts,
  ) {
    this.#post = post;
    this.#count = count;
  }

  put(told: Told): void {
    this.#events.push(told);
    if (told.event === 'frame') this.#buffers.add(told.values[0].payload.buffer as ArrayBuffer);
    if (!this.#batching) this.flush();
  }

  /** The counts have changed: the page hears of it soon. */
  counted(): void {
    if (!this.#batching) this.#batch();
  }

  /** Posts what there is. */
  flush(): void {
    const counts = this.#count();
    const { taken, buffered } = this.#posted;
    if (this.#events.length > 0 || counts.taken !== taken || counts.buffered !== buffered) {
      const events = this.#events;
      const transfer = [...this.#buffers];
      this.#events = [];
      this.#buffers.clear();
      this.#posted = counts;
      this.#post(events, transfer, counts);
      this.#batch();
    } else if (buffered > 0) {
      this.#arm(DRAIN_MS);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#batching = true;
    this.#events = [];
  }

  #batch(): void {
    this.#batching = true;
    this.#arm(BATCH_MS);
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#batching = false;
      this.flush();
    }, ms);
  }
}
