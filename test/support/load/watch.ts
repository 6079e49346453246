/** How long a client goes without the others when something is done to its task. */
import type { Fault, Ledger } from './ledger.ts';
import { PoseGaps, type Posing } from './pose-gaps.ts';
import type { Speaker } from './talk.ts';

/** A client of a room, as another watches it. */
export interface Watched extends Speaker, Posing {}

/** Those of whom nothing was heard yet that was said since. */
type Waiting = Set<Watched>;

function isEmpty(waiting: Waiting): boolean {
  for (const other of waiting) if (other.over) waiting.delete(other);
  return waiting.size === 0;
}

export class Watch {
  readonly #ledger: Ledger;
  #outage: { fault: Fault; waiting: Waiting } | undefined;
  #afresh: { since: number; waiting: Waiting } | undefined;
  readonly poses: PoseGaps;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.poses = new PoseGaps(ledger);
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
    this.poses.forget();
  }

  /** A task drains; `hit`: that of this client. */
  drains(fault: Fault, hit: boolean): void {
    const disturbed = this.#outage !== undefined && !isEmpty(this.#outage.waiting);
    this.poses.drains(fault, { hit, disturbed });
  }
}
