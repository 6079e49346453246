import { PLACEMENT_ATTEMPTS } from '../../shared/domain/liveness.ts';
import { chooseTask, PLACEMENT_WINDOW, type PlacementStrategy } from '../../shared/domain/placement.ts';
import type { Fraction } from './distributions.ts';
import { PlacementIndex, type SimTask } from './tasks.ts';

/** Which room is on which task. */
export class Places {
  readonly index: PlacementIndex;
  /** Rooms on tasks. */
  open = 0;
  readonly #strategy: PlacementStrategy;
  readonly #random: Fraction;
  /** By room: its task, and where it stands in the list of that. */
  readonly #task: (SimTask | undefined)[];
  readonly #position: Int32Array;

  constructor(rooms: number, room_capacity: number, strategy: PlacementStrategy, random: Fraction) {
    this.index = new PlacementIndex(room_capacity);
    this.#strategy = strategy;
    this.#random = random;
    this.#task = Array.from({ length: rooms });
    this.#position = new Int32Array(rooms);
  }

  taskOf(room: number): SimTask | undefined {
    return this.#task[room];
  }

  /** Puts a room, which has no place, where create-room would. Whether there was a place. */
  place(room: number): boolean {
    const task = this.#find();
    if (task === undefined) return false;
    this.#put(room, task);
    return true;
  }

  /** Moves a room off a task that takes none any more. Whether there was a place elsewhere. */
  move(room: number): boolean {
    const task = this.#find();
    if (task === undefined) return false;
    this.leave(room);
    this.#put(room, task);
    return true;
  }

  leave(room: number): void {
    const task = this.#task[room]!;
    const { room_list } = task;
    const last = room_list.pop()!;
    if (last !== room) {
      room_list[this.#position[room]!] = last;
      this.#position[last] = this.#position[room]!;
    }
    this.#task[room] = undefined;
    this.open--;
    this.#count(task, -1);
  }

  /** As create-room does: a task that has died refuses, and another is tried, three in all. */
  #find(): SimTask | undefined {
    const refused = new Set<SimTask>();
    for (let attempt = 0; attempt < PLACEMENT_ATTEMPTS; attempt++) {
      const task = this.#pick(refused);
      if (task === undefined || task.alive) return task;
      refused.add(task);
    }
    return undefined;
  }

  #pick(refused: ReadonlySet<SimTask>): SimTask | undefined {
    const order = this.#strategy === 'packed' ? 'most' : 'least';
    const found = this.index.candidates(PLACEMENT_WINDOW + refused.size, order);
    const candidates = refused.size === 0 ? found : found.filter((task) => !refused.has(task));
    // It is one of those that were given.
    return chooseTask(candidates, this.#strategy, this.#random) as SimTask | undefined;
  }

  #put(room: number, task: SimTask): void {
    this.#task[room] = task;
    this.#position[room] = task.room_list.push(room) - 1;
    this.open++;
    this.#count(task, 1);
  }

  #count(task: SimTask, by: 1 | -1): void {
    const before = task.rooms;
    task.rooms += by;
    task.clients = task.rooms;
    if (task.position >= 0) this.index.recount(task, before);
  }
}
