/** Frames of one sender that came before their key: 64 of them at most, for two seconds. */
import type { Bytes } from './bytes.ts';
import { HELD_FRAMES, HELD_MS } from './limits.ts';

export class HeldFrames {
  #held: { frame: Bytes; until: number }[] = [];

  /** False if there are too many already. */
  hold(frame: Bytes, now: number): boolean {
    if (this.#held.length >= HELD_FRAMES) return false;
    this.#held.push({ frame, until: now + HELD_MS });
    return true;
  }

  /** All of them, in the order in which they came, to be tried again. They go on waiting until the same time as before. */
  retry(open: (frame: Bytes, until: number) => void): void {
    const held = this.#held;
    this.#held = [];
    for (const { frame, until } of held) open(frame, until);
  }

  /** Puts back one that was tried again in vain. */
  holdUntil(frame: Bytes, until: number): void {
    this.#held.push({ frame, until });
  }

  /** Drops those whose time is over; how many. */
  expire(now: number): number {
    const before = this.#held.length;
    this.#held = this.#held.filter(({ until }) => until > now);
    return before - this.#held.length;
  }

  /** When the time of the first is over; undefined if there is none. */
  get deadline(): number | undefined {
    return this.#held[0]?.until;
  }
}
