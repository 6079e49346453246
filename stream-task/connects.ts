import type { Connect } from './registry-types.ts';

/** Connects that wait at most. */
const MOST_WAITING = 100_000;
/** Connects in one call at most: each is a write of the router's, which has a time limit. */
export const MOST_IN_ONE_CALL = 1_000;

const keyOf = ({ room_id, client_id }: Connect): string => `${room_id}.${client_id}`;

/** Connects that the router was not told yet: kept until a call that had them was answered. */
export class Connects {
  /** By client; a later connect takes the place of an earlier one. */
  readonly #waiting = new Map<string, Connect>();

  get size(): number {
    return this.#waiting.size;
  }

  add(connect: Connect): void {
    const key = keyOf(connect);
    // So many can only pile up while the router is away: the oldest are let go, the sweep repairs it.
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(key)) {
      const [oldest] = this.#waiting.keys();
      if (oldest !== undefined) this.#waiting.delete(oldest);
    }
    this.#waiting.set(key, connect);
  }

  /** The oldest, as many as one call tells. */
  list(): Connect[] {
    return [...this.#waiting.values()].slice(0, MOST_IN_ONE_CALL);
  }

  /** Forgets those of `told` that nothing newer has replaced since. */
  answered(told: readonly Connect[]): void {
    for (const connect of told) {
      const key = keyOf(connect);
      if (this.#waiting.get(key) === connect) this.#waiting.delete(key);
    }
  }
}
