/** Rooms remembered at most; the oldest are let go. */
const MOST = 10_000;

/** The rooms that the router took from this task, so that a late register does not bring them back. */
export class LostRooms {
  /** Room id → the highest epoch at which it is not ours. */
  readonly #epochs = new Map<string, number>();

  add(room_id: string, epoch: number): void {
    const highest = Math.max(epoch, this.#epochs.get(room_id) ?? 0);
    // Set anew, so that it is the youngest.
    this.#epochs.delete(room_id);
    this.#epochs.set(room_id, highest);
    const [oldest] = this.#epochs.keys();
    if (this.#epochs.size > MOST && oldest !== undefined) this.#epochs.delete(oldest);
  }

  /** Whether the room at this epoch is one that was lost. */
  has(room_id: string, epoch: number): boolean {
    const lost = this.#epochs.get(room_id);
    return lost !== undefined && epoch <= lost;
  }
}
