/** Puts the messages of one lane in order: each once, and what stays missing is told, never skipped silently. */
import { BEGINNING_MS, REORDER_BYTES, REORDER_MESSAGES, REORDER_MS } from './limits.ts';

/** Sequence numbers, both included. */
export interface Range {
  first: number;
  last: number;
}

export type Delivery<T> = { kind: 'message'; message: T } | ({ kind: 'missing' } & Range);

export type Acceptance<T> =
  /** What can be shown now, in order. `was_missing`: it was known to. */
  | { kind: 'accepted'; deliveries: Delivery<T>[]; was_missing: boolean }
  /** It came before, or so late that it was told to be missing. */
  | { kind: 'refused' };

/** All times are ms of one clock that never goes back. */
export class Reorder<T> {
  /** The number that is due; undefined until we know where the lane begins for us. */
  #next: number | undefined;
  /** Where we took it to begin, for that was not told in time. */
  #assumed: number | undefined;
  readonly #held = new Map<number, { message: T; bytes: number }>();
  #bytes = 0;
  /** When we learned that there is something below a number; both rise. */
  #noticed: { below: number; at: number }[] = [];

  /** `next`: the number that is due, where it is known from before. */
  constructor(next?: number) {
    this.#next = next;
  }

  /** The number that is due; undefined until it is known where the lane begins for us. */
  get next(): number | undefined {
    return this.#next;
  }

  /** Where the lane begins for us, as its sender tells. Does nothing once that is known, but to tell what we did not wait for. */
  begin(start: number): Delivery<T>[] {
    const assumed = this.#assumed;
    this.#assumed = undefined;
    if (assumed !== undefined && start < assumed)
      return [{ kind: 'missing', first: start, last: assumed - 1 }];
    if (this.#next !== undefined) return [];
    this.#next = Math.min(start, ...this.#held.keys());
    return this.#settle();
  }

  /** Whether something is known to be missing: {@link Reorder.missing} says what. */
  get hasGap(): boolean {
    return this.#next !== undefined && this.#noticed.length > 0;
  }

  /** Takes in an authenticated message, which takes so many bytes while it is held. */
  accept(sequence: number, message: T, bytes: number, now: number): Acceptance<T> {
    if ((this.#next !== undefined && sequence < this.#next) || this.#held.has(sequence))
      return { kind: 'refused' };
    const was_missing = sequence < (this.#noticed.at(-1)?.below ?? 0);
    // The rest is on its way, too.
    if (was_missing) this.restart(now);
    this.#held.set(sequence, { message, bytes });
    this.#bytes += bytes;
    this.#notice(sequence, now);
    const deliveries = this.#settle();
    while (this.#held.size > REORDER_MESSAGES || this.#bytes > REORDER_BYTES) {
      deliveries.push(...this.#skip());
    }
    return { kind: 'accepted', deliveries, was_missing };
  }

  /** The sender says that it has sent all numbers below `next`. Means nothing until we know where the lane begins. */
  expect(next: number, now: number): void {
    if (this.#next !== undefined && next > this.#next) this.#notice(next, now);
  }

  /** What is not waited for any longer at `now`. To be called when {@link Reorder.deadline} has come. */
  expire(now: number): Delivery<T>[] {
    const deliveries: Delivery<T>[] = [];
    for (let due = this.deadline; due !== undefined && due <= now; due = this.deadline) {
      deliveries.push(...this.#skip());
    }
    return deliveries;
  }

  /** What is missing could not come until `now`, as where a connection was made anew: the wait for it begins anew. */
  restart(now: number): void {
    this.#noticed = this.#noticed.map(({ below }) => ({ below, at: now }));
  }

  /** The sender says that nothing before `from` comes any more. */
  giveUp(from: number): Delivery<T>[] {
    const deliveries: Delivery<T>[] = [];
    const end = Math.min(from, this.#noticed.at(-1)?.below ?? 0);
    while (this.#next !== undefined && this.#next < end) deliveries.push(...this.#skipTo(end, this.#next));
    return deliveries;
  }

  /** Nothing comes any more: what is here, and what is missing before it. */
  flush(): Delivery<T>[] {
    const deliveries: Delivery<T>[] = [];
    while (this.#noticed.length > 0) deliveries.push(...this.#skip());
    return deliveries;
  }

  /** When the wait for what is missing first is over; undefined if nothing is. */
  get deadline(): number | undefined {
    const first = this.#noticed[0];
    if (first === undefined) return undefined;
    return first.at + (this.#next === undefined ? BEGINNING_MS : REORDER_MS);
  }

  /** What to ask for: all that is known to be missing. Empty while we do not know where the lane begins. */
  missing(): Range[] {
    const end = this.#noticed.at(-1)?.below;
    if (end === undefined || this.#next === undefined) return [];
    const ranges: Range[] = [];
    let first = this.#next;
    const held = [...this.#held.keys()].filter((sequence) => sequence < end).sort((a, b) => a - b);
    for (const sequence of [...held, end]) {
      if (sequence > first) ranges.push({ first, last: sequence - 1 });
      first = sequence + 1;
    }
    return ranges;
  }

  #notice(below: number, at: number): void {
    const last = this.#noticed.at(-1);
    if (last === undefined || below > last.below) this.#noticed.push({ below, at });
  }

  /** Delivers what is due. */
  #settle(): Delivery<T>[] {
    const deliveries: Delivery<T>[] = [];
    const next = this.#next;
    if (next === undefined) return deliveries;
    let due = next;
    for (let held = this.#held.get(due); held !== undefined; held = this.#held.get(due)) {
      deliveries.push({ kind: 'message', message: held.message });
      this.#held.delete(due++);
      this.#bytes -= held.bytes;
    }
    this.#next = due;
    this.#noticed = this.#noticed.filter(({ below }) => below > due);
    return deliveries;
  }

  /** Gives up what is missing first. */
  #skip(): Delivery<T>[] {
    const first = this.#next;
    if (first !== undefined) return this.#skipTo(this.#noticed[0]!.below, first);
    this.#assumed = Math.min(...this.#held.keys());
    this.#next = this.#assumed;
    return this.#settle();
  }

  /** Gives up what is missing from `first`, which is due, up to, without, `end` or what is here. */
  #skipTo(end: number, first: number): Delivery<T>[] {
    this.#next = Math.min(end, ...this.#held.keys());
    return [{ kind: 'missing', first, last: this.#next - 1 }, ...this.#settle()];
  }
}
