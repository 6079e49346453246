/** Who was sealed with whom without a break: between those nothing may get lost without a word. */
import { FRAME_CLASS, HEADER_BYTES, readHeader, TO_ALL } from '../../shared/protocol/frame.ts';
import type { Bytes } from '../../client/src/e2ee/bytes.ts';
import type { Person } from './person.ts';

/** A bond counts as broken where no sign of life came for so long: it is a little less than what makes a member silent, ms. */
const DOUBTFUL_MS = 25_000;

export class Bonds {
  readonly #people: readonly Person[];
  readonly #now: () => number;

  constructor(people: readonly Person[], now: () => number) {
    this.#people = people;
    this.#now = now;
  }

  /** The identity that a client has now, or had last. */
  latest(client_id: string): Person | undefined {
    return this.#people.findLast((person) => person.client_id === client_id);
  }

  /** A member is told that a client is gone. */
  gone(person: Person, client_id: string): void {
    for (const other of this.#people) {
      if (other.client_id !== client_id || other.state === 'here') continue;
      if (!person.told_gone.has(other)) person.told_gone.set(other, this.#now());
      this.#part(person, other);
    }
  }

  /** A frame came to a member that was sent so. A heartbeat is a sign of life. */
  heard(person: Person, frame: Bytes): void {
    if (frame.length < HEADER_BYTES) return;
    const header = readHeader(frame);
    if (!header.e2e || header.class !== FRAME_CLASS.CTRL || header.destination !== TO_ALL) return;
    const from = this.#people.findLast(({ resident }) => resident.slot === header.source);
    if (from === undefined) return;
    this.#doubt(person, from);
    person.heard.set(from, this.#now());
  }

  /** Notes who is sealed with whom, for both say so, and who may have given the other up. */
  review(): void {
    for (const person of this.#people) {
      for (const other of person.bonds) {
        const is_given_up = person.resident.standing.unsealed.includes(other.client_id);
        if (other.state === 'gone' || other.state === 'ghost' || is_given_up) this.#part(person, other);
        else this.#doubt(person, other);
      }
      if (person.state !== 'here') continue;
      for (const client_id of person.resident.standing.sealed) {
        const other = this.latest(client_id);
        if (other?.state !== 'here' || person.bonds.has(other)) continue;
        if (other.resident.standing.sealed.includes(person.client_id)) this.#bond(person, other);
      }
    }
  }

  #bond(person: Person, other: Person): void {
    person.bonds.add(other);
    other.bonds.add(person);
    person.heard.set(other, this.#now());
    other.heard.set(person, this.#now());
  }

  #doubt(person: Person, other: Person): void {
    const now = this.#now();
    if (now - (person.heard.get(other) ?? now) > DOUBTFUL_MS) this.#part(person, other);
  }

  /** What each said to the other before does not count any more. */
  #part(person: Person, other: Person): void {
    person.bonds.delete(other);
    other.bonds.delete(person);
    for (const { bonded } of person.said) bonded.delete(other);
    for (const { bonded } of other.said) bonded.delete(person);
  }
}
