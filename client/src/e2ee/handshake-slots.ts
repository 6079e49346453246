/** What is known of each slot in the handshake, for the length of our connection. */
import { erase } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { Hello } from './hello.ts';
import { HANDSHAKES_PER_SECOND, HELLO_MS } from './limits.ts';

/** A HELLO that may not be proven yet, and box.before with whoever said it, once that was needed. */
export interface Candidate {
  hello: Hello;
  shared: Bytes | undefined;
}

/** Overwrites what we share with a candidate, and never takes that for a secret again. */
export function forgetShared(candidate: Candidate | undefined): void {
  if (candidate?.shared === undefined) return;
  erase(candidate.shared);
  candidate.shared = undefined;
}

export interface Slot {
  candidate: Candidate | undefined;
  /** When a HELLO of it was answered last, and one that waits to be. */
  answered_at: number;
  waiting: Bytes | undefined;
  /** How much was looked at in the second that began at `second_at`. */
  second_at: number;
  looked_at: number;
}

export class HandshakeSlots {
  readonly #slots = new Map<number, Slot>();

  /** The candidate of a slot, if it has one. */
  candidateAt(slot: number): Candidate | undefined {
    return this.#slots.get(slot)?.candidate;
  }

  /** What is known of the slot's connection of now. */
  get(slot: number): Slot | undefined {
    return this.#slots.get(slot);
  }

  at(slot: number): Slot {
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const entry: Slot = {
      candidate: undefined,
      answered_at: -Infinity,
      waiting: undefined,
      second_at: -Infinity,
      looked_at: 0,
    };
    this.#slots.set(slot, entry);
    return entry;
  }

  /** Whether one more message of a slot is looked at: they cost more to read than to send again. */
  mayLook(slot: number, now: number): boolean {
    const entry = this.at(slot);
    if (now >= entry.second_at + 1_000) {
      entry.second_at = now;
      entry.looked_at = 0;
    }
    return ++entry.looked_at <= HANDSHAKES_PER_SECOND;
  }

  /** The HELLOs that waited long enough to be answered; they wait no longer. */
  *due(now: number): Generator<{ slot: number; waiting: Bytes }> {
    for (const [slot, entry] of this.#slots) {
      const { waiting } = entry;
      if (waiting === undefined || now < entry.answered_at + HELLO_MS) continue;
      entry.waiting = undefined;
      yield { slot, waiting };
    }
  }

  /** When the first of those that wait is to be answered. */
  get deadline(): number {
    let due = Infinity;
    for (const { waiting, answered_at } of this.#slots.values()) {
      if (waiting !== undefined) due = Math.min(due, answered_at + HELLO_MS);
    }
    return due;
  }

  /** Another client has the slot from now on, or nobody. */
  forget(slot: number): void {
    forgetShared(this.candidateAt(slot));
    this.#slots.delete(slot);
  }

  clear(): void {
    for (const slot of this.#slots.keys()) this.forget(slot);
  }
}
