/** One identity in a random room: what it said, and who was sealed with it all the while. */
import type { Resident } from '../support/sealed-resident.ts';

/** Something said, as text: `<name>><client id or *>#<number>`. */
export interface Saying {
  text: string;
  /** Client id; undefined for all. */
  to: string | undefined;
  /** When it could be sent. */
  at: number;
  /** The others with whom its sender was sealed, and they with it. */
  readonly bonded: Set<Person>;
}

export class Person {
  readonly resident: Resident;
  /** Client id and which identity of it. */
  readonly name: string;
  readonly came_at: number;
  readonly said: Saying[] = [];
  /** Connected, or to come back; `ghost`: the others think that it is gone. */
  state: 'here' | 'away' | 'ghost' | 'gone' = 'away';
  /** When something that was signed by another came here last. */
  readonly heard: Map<Person, number> = new Map();
  /** When another was said here to be gone for good. */
  readonly told_gone: Map<Person, number> = new Map();
  readonly bonds: Set<Person> = new Set();
  /** Its channel is past securing: what is said is not held back. */
  is_let_in = false;
  /** It has the slot that another identity of its client had: what was for that may come to it. */
  took_over = false;
  /** How often it connected. */
  connections = 0;
  /** It was not run all the time. */
  slept = false;

  constructor(resident: Resident, name: string, came_at: number) {
    this.resident = resident;
    this.name = name;
    this.came_at = came_at;
  }

  get client_id(): string {
    return this.resident.client_id;
  }

  #poses = 0;

  letIn(now: number): void {
    this.is_let_in = true;
    for (const saying of this.said) if (saying.at === Infinity) saying.at = now;
  }

  say(to: string | undefined, now: number): void {
    const text = `${this.name}>${to ?? '*'}#${this.said.length}`;
    this.said.push({ text, to, at: this.is_let_in ? now : Infinity, bonded: new Set(this.bonds) });
    this.resident.say(text, to);
  }

  pose(to: string | undefined): void {
    this.resident.pose(`pose ${this.#poses++} of ${this.name}`, to);
  }
}
