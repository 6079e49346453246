/** How long a client goes without the others when something is done to its task. */
import type { Fault, Ledger } from './ledger.ts';
import type { Speaker } from './talk.ts';

/** A client of a room, as another watches it. */
export interface Watched extends Speaker {
  readonly over: boolean;
  /** Counts what the load itself does to it: its connection cut, its page loaded anew. */
  readonly stirred: number;
}

/** Those of whom nothing was heard yet that was said since. */
type Waiting = Set<Watched>;

interface Gap {
  last: number;
  most: number;
  stirred: number;
}

/** While tasks drain: the longest time without a pose, by speaker. */
interface PoseWatch {
  hit: boolean;
  gaps: Map<Watched, Gap>;
}

function isEmpty(waiting: Waiting): boolean {
  for (const other of waiting) if (other.over) waiting.delete(other);
  return waiting.size === 0;
}

export class Watch {
  readonly #ledger: Ledger;
  #outage: { fault: Fault; waiting: Waiting } | undefined;
  #afresh: { since: number; waiting: Waiting } | undefined;
  readonly #poses = new Map<Fault, PoseWatch>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** `fault` hits the task of this client, who is in a room with `others`. */
  struck(fault: Fault, others: Iterable<Watched>): void {
    this.#outage = { fault, waiting: new Set(others) };
  }

  /** From `since` on something is to be heard of each of `others`. */
  listenAfresh(since: number, others: Iterable<Watched>): void {
    this.#afresh = { since, waiting: new Set(others) };
  }

  /** Whether everybody was heard since, or is over. */
  hearsAll(): boolean {
    return this.#afresh === undefined || isEmpty(this.#afresh.waiting);
  }

  /** What `speaker` said at `at` was heard. */
  heard(speaker: Watched, at: number): void {
    if (this.#afresh !== undefined && at >= this.#afresh.since) this.#afresh.waiting.delete(speaker);
    const outage = this.#outage;
    if (outage === undefined || at < outage.fault.in_force) return;
    outage.waiting.delete(speaker);
    if (!isEmpty(outage.waiting)) return;
    this.#outage = undefined;
    this.#ledger.recovered(outage.fault);
  }

  /** The client itself is gone, or was disturbed by the load: what this outage took says nothing. */
  forget(): void {
    this.#outage = undefined;
    this.#poses.clear();
  }

  /** A task drains; `hit`: that of this client. */
  drains(fault: Fault, hit: boolean): void {
    this.#poses.set(fault, { hit, gaps: new Map() });
  }

  pose(speaker: Watched): void {
    const now = Date.now();
    for (const { gaps } of this.#poses.values()) {
      const gap = gaps.get(speaker);
      if (gap === undefined) gaps.set(speaker, { last: now, most: 0, stirred: speaker.stirred });
      else {
        gap.most = Math.max(gap.most, now - gap.last);
        gap.last = now;
      }
    }
  }

  /** The drain is over. */
  drained(fault: Fault): void {
    const watch = this.#poses.get(fault);
    this.#poses.delete(fault);
    if (watch === undefined) return;
    const into = this.#ledger.pose_gaps[watch.hit ? 'hit' : 'others'];
    const now = Date.now();
    for (const [speaker, { last, most, stirred }] of watch.gaps) {
      if (speaker.over || speaker.stirred !== stirred) continue;
      into.push(Math.max(most, now - last));
    }
  }
}
