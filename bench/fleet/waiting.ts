/** Rooms without a place, in the order in which they came: those that were asked for, and those whose task has died. */
export class Waiting {
  #rooms: number[] = [];
  #since: number[] = [];
  #head = 0;

  get length(): number {
    return this.#rooms.length - this.#head;
  }

  put(room: number, now: number): void {
    this.#rooms.push(room);
    this.#since.push(now);
  }

  /** The one that has waited longest; undefined of none. */
  first(): { room: number; since: number } | undefined {
    if (this.length === 0) return undefined;
    return { room: this.#rooms[this.#head]!, since: this.#since[this.#head]! };
  }

  drop(): void {
    if (++this.#head < this.#rooms.length) return;
    this.#rooms = [];
    this.#since = [];
    this.#head = 0;
  }
}
