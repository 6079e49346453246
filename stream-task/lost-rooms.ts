/** The rooms that the router took from this task, for as long as anything of their time here may still arrive. */

/** A client's ticket hash by client id. */
export type TicketHashes = ReadonlyMap<string, string>;

/** A client of a lost room that comes late: `moved` to another task, or the room was `gone` altogether. */
export type LateClient = { hash: string; fate: 'moved' | 'gone' };

interface Lost {
  /** The highest epoch at which the room is not ours. */
  epoch: number;
  /** When it was lost, ms of the caller's clock. */
  at: number;
  fate: LateClient['fate'];
  hashes: TicketHashes;
}

const NOBODY: TicketHashes = new Map();

export class LostRooms {
  readonly #kept: number;
  /** In the order in which they were lost. */
  readonly #rooms = new Map<string, Lost>();

  /**
   * `kept`: how long a room is remembered, ms. It must be longer than a register may be under way; the number of rooms
   * needs no bound of its own, since each was served here within that time.
   */
  constructor(kept: number) {
    this.#kept = kept;
  }

  get size(): number {
    return this.#rooms.size;
  }

  /**
   * The room was lost at `epoch`. `clients`: those who had a seat in it, and what became of it; undefined if nobody had.
   * `now` is of a clock that does not run ahead of the process.
   */
  add(
    room_id: string,
    epoch: number,
    now: number,
    clients?: { hashes: TicketHashes; fate: LateClient['fate'] },
  ): void {
    const known = this.#rooms.get(room_id);
    const { hashes, fate } = clients ?? known ?? { hashes: NOBODY, fate: 'gone' };
    // Set anew, so that it is the youngest.
    this.#rooms.delete(room_id);
    this.#rooms.set(room_id, { epoch: Math.max(epoch, known?.epoch ?? 0), at: now, fate, hashes });
    for (const [id, { at }] of this.#rooms) {
      if (now - at <= this.#kept) break;
      this.#rooms.delete(id);
    }
  }

  /** Whether the room at this epoch is one that was lost. */
  has(room_id: string, epoch: number): boolean {
    const lost = this.#rooms.get(room_id);
    return lost !== undefined && epoch <= lost.epoch;
  }

  /** A client that had a seat in the room when it was lost. */
  client(room_id: string, client_id: string): LateClient | undefined {
    const lost = this.#rooms.get(room_id);
    const hash = lost?.hashes.get(client_id);
    return lost === undefined || hash === undefined ? undefined : { hash, fate: lost.fate };
  }
}
