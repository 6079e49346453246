/** Frames from slots whose clients have not proven yet who they are. */
import type { Bytes } from './bytes.ts';
import { HeldFrames } from './held-frames.ts';
import type { Presence } from './presence.ts';

export class Strangers {
  readonly #slots = new Map<number, HeldFrames>();

  /** False if too many of this slot wait already. */
  hold(slot: number, frame: Bytes, now: number): boolean {
    const held = this.#slots.get(slot) ?? new HeldFrames();
    this.#slots.set(slot, held);
    return held.hold(frame, now);
  }

  /** The frames of a slot, whose client is known now; none is left. */
  take(slot: number): Bytes[] {
    const frames: Bytes[] = [];
    this.#slots.get(slot)?.retry((frame) => frames.push(frame));
    this.#slots.delete(slot);
    return frames;
  }

  /** Another client has the slot from now on, or nobody. */
  forget(slot: number): void {
    this.#slots.delete(slot);
  }

  clear(): void {
    this.#slots.clear();
  }

  /** Drops those whose time is over: how many, and of which client. */
  expire(now: number, presence: Presence): { client_id: string; count: number }[] {
    const dropped: { client_id: string; count: number }[] = [];
    for (const [slot, held] of this.#slots) {
      const count = held.expire(now);
      const client_id = presence.at(slot)?.client_id;
      if (count > 0 && client_id !== undefined) dropped.push({ client_id, count });
    }
    return dropped;
  }
}
