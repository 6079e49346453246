/** What is on its way to one client: to the kernel at once, or kept while the kernel takes no more. */

/** A connection as its outbox sees it. */
export interface Wire {
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly waiting: number;
  /**
   * Writes whole frames, after all that was written before. True if the kernel has taken them: they may be changed
   * afterwards. False: they must stay as they are until {@link Outbox.drained} is called, which says that nothing waits.
   */
  write(frames: Uint8Array): boolean;
}

/**
 * What one waiting message costs besides its bytes, for the budget of a receiver (R40): small ones cost more than their
 * bytes where they are kept one by one.
 */
export const MESSAGE_OVERHEAD_BYTES = 128;
/** Frames that wait are copied together into pieces of at least this size. */
const PIECE_BYTES = 16_384;

interface Piece {
  bytes: Buffer;
  used: number;
}

export class Outbox {
  readonly #wire: Wire;
  /** The kernel has not taken everything yet. */
  #busy = false;
  /** Messages in what the wire holds. */
  #written = 0;
  #kept: Kept | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Whether what is written now goes out at once. */
  get idle(): boolean {
    return !this.#busy;
  }

  /** Bytes that wait, {@link MESSAGE_OVERHEAD_BYTES} for each message included. */
  get waiting(): number {
    if (!this.#busy) return 0;
    const kept = this.#kept;
    const messages = this.#written + (kept?.messages ?? 0);
    return this.#wire.waiting + (kept?.bytes ?? 0) + messages * MESSAGE_OVERHEAD_BYTES;
  }

  /** Sends whole frames with `messages` messages. True if they are not copied and must stay as they are until {@link drained}. */
  write(frames: Uint8Array, messages: number): boolean {
    if (this.#busy) {
      (this.#kept ??= new Kept()).add(frames, messages);
      return false;
    }
    if (this.#wire.write(frames)) return false;
    this.#busy = true;
    this.#written = messages;
    return true;
  }

  /** The wire has given everything to the kernel. */
  drained(): void {
    this.#busy = false;
    this.#written = 0;
    const kept = this.#kept;
    if (kept === undefined) return;
    this.#kept = undefined;
    // One after the other: what the wire does not hold yet could still be left out by a later change of mind.
    this.#write(kept);
  }

  #write(kept: Kept): void {
    for (const piece of kept.pieces)
      if (!this.#wire.write(piece.bytes.subarray(0, piece.used))) this.#busy = true;
    if (this.#busy) this.#written = kept.messages;
  }

  /** Gives everything that waits to the wire, so that the wire can be told to close after it. */
  finish(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept === undefined) return;
    const written = this.#written;
    this.#write(kept);
    this.#written += written;
  }
}

/** Frames that wait, back to back in a few pieces. */
class Kept {
  readonly pieces: Piece[] = [];
  messages = 0;
  bytes = 0;

  add(frames: Uint8Array, messages: number): void {
    let piece = this.pieces.at(-1);
    if (piece === undefined || piece.bytes.length - piece.used < frames.length) {
      piece = { bytes: Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, frames.length)), used: 0 };
      this.pieces.push(piece);
    }
    piece.bytes.set(frames, piece.used);
    piece.used += frames.length;
    this.messages += messages;
    this.bytes += frames.length;
  }
}
