/**
 * Frames that came on a newer line before their sender was done with an older one: they wait until it is, so that all that
 * one client sends stays in order. A sealed frame goes out on each line; the one that waits is dropped when its twin comes.
 */
import { HEADER_BYTES } from '../../../shared/protocol/frame.ts';
import type { Bytes } from '../e2ee/bytes.ts';
import type { Places } from './places.ts';

/** Bytes that wait at most. What is more is a sign that an older line is stuck. */
export const MOST_HELD_BYTES = 4 * 1_048_576;

interface Held {
  readonly line: number;
  readonly frame: Bytes;
}

/** Whether two frames are the same but for their slots, which differ from line to line. */
function areTwins(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length || a[0] !== b[0] || a[1] !== b[1]) return false;
  // From the end: there is the tag, which is another for each frame.
  for (let i = a.length - 1; i >= HEADER_BYTES; i--) if (a[i] !== b[i]) return false;
  return true;
}

export class HeldBack {
  readonly #sealed_room: boolean;
  /** Of each sender, as they came. */
  readonly #held = new Map<string, Held[]>();
  #bytes = 0;

  /** `sealed_room`: what is not sealed in it is of the handshake, and needs no order. */
  constructor(sealed_room: boolean) {
    this.#sealed_room = sealed_room;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a frame in that came on `line`, if it came too early. */
  take(from: string | undefined, line: number, frame: Bytes, places: Pick<Places, 'isEarly'>): boolean {
    const is_sealed = (frame[0]! & 1) !== 0;
    if (from === undefined || is_sealed !== this.#sealed_room) return false;
    if (!places.isEarly(from, line)) {
      if (is_sealed) this.#forgetTwin(from, frame);
      return false;
    }
    const held = this.#held.get(from);
    if (held === undefined) this.#held.set(from, [{ line, frame }]);
    else held.push({ line, frame });
    this.#bytes += frame.length;
    return true;
  }

  /** The frames that need not wait any longer, those of each sender in its order. */
  release(places: Pick<Places, 'isEarly'>): Bytes[] {
    const released: Bytes[] = [];
    for (const [from, held] of this.#held) {
      const due = held.filter(({ line }) => !places.isEarly(from, line));
      if (due.length === 0) continue;
      // What came on an older line was sent first.
      due.sort((a, b) => a.line - b.line);
      released.push(...due.map(({ frame }) => frame));
      this.#keep(from, (other) => !due.includes(other));
    }
    return released;
  }

  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
  }

  /** A sealed frame came on an older line: its twin is of no use, nor is what was sent before that and left out here. */
  #forgetTwin(from: string, frame: Bytes): void {
    const held = this.#held.get(from);
    if (held === undefined) return;
    const twin = held.findIndex((other) => areTwins(other.frame, frame));
    if (twin < 0) return;
    const { line } = held[twin]!;
    this.#keep(from, (other, index) => index > twin || other.line !== line);
  }

  #keep(from: string, wanted: (held: Held, index: number) => boolean): void {
    const held = this.#held.get(from) ?? [];
    const kept = held.filter(wanted);
    this.#bytes -= held.reduce((sum, { frame }) => sum + frame.length, 0);
    this.#bytes += kept.reduce((sum, { frame }) => sum + frame.length, 0);
    if (kept.length > 0) this.#held.set(from, kept);
    else this.#held.delete(from);
  }
}
