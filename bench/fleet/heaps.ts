/** Queues by time: what is due next comes first. */

/** Of numbers (rooms) alone, without an object for each: millions go through it. */
export class RoomQueue {
  #at = new Float64Array(1_024);
  #room = new Int32Array(1_024);
  #length = 0;

  /** When the next is due; Infinity if there is none. */
  get next(): number {
    return this.#length === 0 ? Infinity : this.#at[0]!;
  }

  put(at: number, room: number): void {
    if (this.#length === this.#at.length) this.#grow();
    let i = this.#length++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (this.#at[parent]! <= at) break;
      this.#at[i] = this.#at[parent]!;
      this.#room[i] = this.#room[parent]!;
      i = parent;
    }
    this.#at[i] = at;
    this.#room[i] = room;
  }

  /** Takes the room that is due next. Only where `next` is finite. */
  take(): number {
    const room = this.#room[0]!;
    const length = --this.#length;
    const at = this.#at[length]!;
    const last = this.#room[length]!;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#at[child + 1]! < this.#at[child]!) child++;
      if (this.#at[child]! >= at) break;
      this.#at[i] = this.#at[child]!;
      this.#room[i] = this.#room[child]!;
      i = child;
    }
    this.#at[i] = at;
    this.#room[i] = last;
    return room;
  }

  #grow(): void {
    const at = new Float64Array(2 * this.#length);
    const room = new Int32Array(2 * this.#length);
    at.set(this.#at);
    room.set(this.#room);
    this.#at = at;
    this.#room = room;
  }
}

interface Due {
  at: number;
  order: number;
  act: () => void;
}

const before = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Of all else that happens, some thousands in a day; what is due at the same instant in the order in which it was put. */
export class Agenda {
  readonly #heap: Due[] = [];
  #order = 0;

  get next(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  put(at: number, act: () => void): void {
    const due = { at, order: this.#order++, act };
    const heap = this.#heap;
    let i = heap.push(due) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (before(heap[parent]!, due)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = due;
  }

  /** Takes what is due next. Only where `next` is finite. */
  take(): () => void {
    const heap = this.#heap;
    const { act } = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return act;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (before(last, heap[child]!)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return act;
  }
}
