/** Carries a script out. */
import { FRAME_CLASS, readHeader, sourceOf } from '../../shared/protocol/frame.ts';
import type { Bytes } from '../../client/src/e2ee/bytes.ts';
import { nodeCrypto } from '../../client/src/node/crypto.ts';
import { seededRandom } from '../support/random.ts';
import type { Resident, Said } from '../support/sealed-resident.ts';
import { SealedTown } from '../support/sealed-town.ts';
import type { Late } from '../support/sealed-town.ts';
import { heldUp, withCheapNumbers } from '../support/watched-crypto.ts';
import { Person } from './person.ts';
import { describeStep, FAIR, PLACES } from './script.ts';
import type { Action, Script, Weather } from './script.ts';

/** How long the relay keeps the seat of a client that was cut off, ms. */
const GRACE_MS = 20_000;
/** A bond counts as broken where nothing was heard for so long: it is a little less than what makes a member silent, ms. */
const DOUBTFUL_MS = 25_000;
const LONGEST_DELAY_MS = 3_000;

export class Play {
  readonly town: SealedTown;
  readonly people: Person[] = [];
  readonly log: string[] = [];
  readonly #script: Script;
  readonly #random: ReturnType<typeof seededRandom>;
  #weather: Weather;
  /** Whoever holds a place: the latest identity of its client. */
  readonly #places: (Person | undefined)[] = [];
  /** What is to be done at a time, in order. */
  #plans: { at: number; task: () => Promise<void> | void }[] = [];
  /** Frames that are not what their sender sent, or came before. */
  readonly #odd = new WeakSet<Bytes>();

  constructor(script: Script) {
    this.#script = script;
    this.#random = seededRandom(script.seed);
    this.#weather = script.weather ?? FAIR;
    const port = withCheapNumbers(nodeCrypto);
    const { turns } = script;
    const slow = turns === 0 ? port : heldUp(port, turns, (below) => this.#random.integer(below));
    this.town = new SealedTown({ port: slow, seed: script.seed % 1_000_000 });
    this.town.meddle = (frame, from) => this.#pass(frame, from);
    this.town.lie = (said, to) => this.#tell(said, to);
    this.town.onDelivered = (said, to) => this.#delivered(said, to);
  }

  async run(): Promise<void> {
    for (let i = 0; i < this.#script.opening; i++) await this.#act({ do: 'join', who: i });
    for (const step of this.#script.steps) {
      if (step.wait === 0) await this.town.nudge(step.turns);
      else await this.pass(step.wait);
      this.log.push(`${this.town.now}: ${describeStep(step)}`);
      await this.#act(step.action);
    }
  }

  /** The relay behaves from now on, and whoever can comes back. */
  async calm(): Promise<void> {
    this.#weather = FAIR;
    for (const person of this.people) {
      person.resident.asleep = false;
      if (person.state === 'away') this.#connect(person);
    }
    await this.town.settle();
  }

  /** Lets time pass, with all that was planned. */
  async pass(ms: number): Promise<void> {
    const end = this.town.now + ms;
    for (;;) {
      const next = Math.min(end, ...this.#plans.map(({ at }) => at));
      await this.town.run(Math.max(0, next - this.town.now));
      this.#bond();
      const due = this.#plans.filter(({ at }) => at <= this.town.now);
      this.#plans = this.#plans.filter(({ at }) => at > this.town.now);
      for (const { task } of due) await task();
      if (due.length === 0 && this.town.now >= end) return;
    }
  }

  /** Those who stay. */
  get here(): Person[] {
    return this.people.filter(({ state }) => state === 'here');
  }

  /** The safety number that each shows. */
  async numbersOf(people: readonly Person[]): Promise<string[]> {
    const numbers = people.map(({ resident }) => resident.channel.safetyNumber());
    await this.town.settle();
    return Promise.all(numbers);
  }

  #plan(after: number, task: () => Promise<void> | void): void {
    this.#plans.push({ at: this.town.now + after, task });
  }

  async #act(action: Action): Promise<void> {
    this.#bond();
    if (action.do === 'kill') {
      this.#kill(action.back);
      return;
    }
    const person = this.#places[action.who];
    if (action.do === 'join') {
      if (person === undefined || person.state === 'gone') await this.#join(action.who);
      return;
    }
    if (person === undefined || person.state === 'gone' || person.state === 'ghost') return;
    await this.#does(action, person);
  }

  async #does(action: Exclude<Action, { do: 'kill' | 'join' }>, person: Person): Promise<void> {
    const { resident } = person;
    const is_here = person.state === 'here';
    const to = 'to' in action && action.to !== undefined ? `m${action.to}` : undefined;
    switch (action.do) {
      case 'leave':
        if (is_here) await this.#leave(person);
        return;
      case 'vanish':
        this.#end(person);
        if (is_here) this.#cut(person);
        resident.channel.close();
        return;
      case 'expel':
        if (is_here) this.#expel(person);
        return;
      case 'cut':
        if (!is_here) return;
        person.state = 'away';
        this.#cut(person);
        return;
      case 'return':
        if (person.state === 'away') this.#connect(person);
        return;
      case 'replace':
        if (is_here) this.town.replace(resident);
        return;
      case 'reload':
        if (is_here) await this.#reload(person, action.noticed);
        return;
      case 'say':
        if (to !== person.client_id) for (let i = 0; i < action.count; i++) person.say(to, this.town.now);
        return;
      case 'pose':
        if (to !== person.client_id) resident.pose(`pose of ${person.name} at ${this.town.now}`, to);
        return;
      case 'sleep':
        resident.asleep = true;
        person.slept = true;
        this.#plan(action.ms, () => void (resident.asleep = false));
        return;
      case 'jump':
        resident.offset += action.ms;
        return;
    }
  }

  /** `seat`: the slot of the client's connection before, which the relay takes it to be. */
  async #join(who: number, seat?: number): Promise<void> {
    const client_id = `m${who}`;
    const before = this.people.filter((person) => person.client_id === client_id).length;
    const resident = await this.town.make(client_id);
    const person = new Person(resident, `${client_id}~${before}`, this.town.now);
    const { latency } = this.#script;
    if (latency > 0) resident.latency = () => this.#random.integer(latency + 1);
    resident.onStanding = () => this.#bond();
    resident.onSecured = () => person.letIn(this.town.now);
    this.people.push(person);
    this.#places[who] = person;
    if (seat === undefined) {
      this.#connect(person);
      return;
    }
    person.state = 'here';
    person.took_over = true;
    this.town.takeSeat(resident, seat);
  }

  #connect(person: Person): void {
    person.state = 'here';
    for (const other of this.people) other.told_gone.delete(person);
    this.town.connect(person.resident);
  }

  /** The relay notices that a connection broke, and gives the seat away when nobody comes back to it. */
  #cut(person: Person): void {
    this.town.cut(person.resident);
    this.#plan(GRACE_MS, () => {
      if (person.state === 'here' || this.#latest(person.client_id) !== person) return;
      this.town.tellLeft(person.client_id, 0, 'gone');
      // At an honest relay there is no way back then.
      if (this.#script.weather !== undefined || person.state !== 'away') return;
      this.#end(person);
      person.resident.channel.close();
    });
  }

  async #leave(person: Person): Promise<void> {
    this.#end(person);
    const { resident } = person;
    await resident.channel.bye();
    // The relay reads it before the connection ends.
    await this.town.nudge(2);
    this.town.cut(resident, 'gone');
    resident.channel.close();
  }

  #expel(person: Person): void {
    person.state = 'ghost';
    for (const other of this.people) other.told_gone.delete(person);
    this.town.tellLeft(person.client_id, person.resident.slot!, 'gone');
  }

  async #reload(person: Person, noticed: boolean): Promise<void> {
    const { resident } = person;
    const { slot } = resident;
    this.#end(person);
    if (noticed) this.town.cut(resident);
    else this.town.drop(resident);
    resident.channel.close();
    await this.#join(this.#places.indexOf(person), noticed ? undefined : slot);
  }

  #kill(back: readonly number[]): void {
    this.town.kill();
    this.#places.forEach((person, who) => {
      if (person?.state === 'ghost') this.#end(person);
      if (person?.state !== 'here') return;
      person.state = 'away';
      this.#plan(back[who % PLACES]!, () => {
        if (person.state === 'away') this.#connect(person);
      });
    });
  }

  #end(person: Person): void {
    person.state = 'gone';
  }

  #latest(client_id: string): Person | undefined {
    return this.people.findLast((person) => person.client_id === client_id);
  }

  #personOf(resident: Resident): Person {
    return this.people.find((person) => person.resident === resident)!;
  }

  #chance(thousandths: number): boolean {
    return this.#random.integer(1_000) < thousandths;
  }

  /** What becomes of a frame on its way. */
  #pass(frame: Bytes, from: Resident): (Bytes | Late)[] {
    if (this.#personOf(from).state === 'ghost') return [];
    const { drop, repeat, delay, stale, spoil } = this.#weather;
    const frames: (Bytes | Late)[] = [];
    if (!this.#chance(drop)) {
      if (this.#chance(spoil)) {
        frame[this.#random.integer(frame.length)]! ^= 1 << this.#random.integer(8);
        this.#odd.add(frame);
      }
      frames.push(this.#chance(delay) ? { frame, after: this.#random.integer(LONGEST_DELAY_MS) } : frame);
    }
    if (this.#chance(repeat)) frames.push(this.#late(frame));
    if (this.#chance(stale))
      frames.push(this.#late(this.town.seen[this.#random.integer(this.town.seen.length)]!.frame));
    return frames;
  }

  #late(frame: Bytes): Late {
    const copy = frame.slice();
    this.#odd.add(copy);
    return { frame: copy, after: this.#random.integer(LONGEST_DELAY_MS) };
  }

  /** What the relay says of others: nothing of ghosts, whom it does not show. */
  #tell(said: Said, to: Resident): Said[] {
    const isGhost = (client_id: string): boolean => this.#latest(client_id)?.state === 'ghost';
    if (said.kind === 'welcome') {
      const clients = said.welcome.clients.filter(({ client_id }) => !isGhost(client_id));
      return [{ kind: 'welcome', welcome: { ...said.welcome, clients } }];
    }
    if (said.kind === 'left' && said.message.client_id === to.client_id) return [];
    if (said.kind !== 'frame' && this.#chance(this.#weather.hush)) {
      // It says so later: else it would have to be taken at its word that somebody is not there.
      this.#plan(this.#random.integer(LONGEST_DELAY_MS), () => {
        if (to.slot !== undefined && this.#isTrue(said)) to.inbox.put(said, this.town.now);
      });
      return [];
    }
    return [said];
  }

  #isTrue(said: Said): boolean {
    if (said.kind !== 'joined' && said.kind !== 'left') return false;
    const latest = this.#latest(said.message.client_id);
    return said.kind === 'joined'
      ? latest?.state === 'here' && latest.resident.slot === said.message.slot
      : latest?.state !== 'here';
  }

  #delivered(said: Said, to: Resident): void {
    const person = this.#personOf(to);
    const { now } = this.town;
    if (said.kind === 'welcome') person.is_let_in = false;
    if (said.kind === 'left' && said.message.reason === 'gone') {
      for (const other of this.people) {
        if (other.client_id !== said.message.client_id || other.state === 'here') continue;
        if (!person.told_gone.has(other)) person.told_gone.set(other, now);
        this.#part(person, other);
      }
    }
    if (said.kind !== 'frame' || this.#odd.has(said.frame) || said.frame.length < 6) return;
    const header = readHeader(said.frame);
    if (!header.e2e || header.class > FRAME_CLASS.MSG) return;
    const from = this.people.findLast(({ resident }) => resident.slot === sourceOf(said.frame));
    if (from === undefined) return;
    this.#doubt(person, from);
    person.heard.set(from, now);
  }

  #doubt(person: Person, other: Person): void {
    if (this.town.now - (person.heard.get(other) ?? this.town.now) > DOUBTFUL_MS) this.#part(person, other);
  }

  /** One of them has given the other up, or may have. */
  #part(person: Person, other: Person): void {
    person.bonds.delete(other);
    other.bonds.delete(person);
    for (const [one, two] of [
      [person, other],
      [other, person],
    ] as const) {
      for (const saying of one.said) (saying.bonded as Set<Person>).delete(two);
    }
  }

  /** Notes who is sealed with whom: both say so. */
  #bond(): void {
    for (const person of this.people) {
      for (const other of person.bonds) {
        if (other.state === 'gone' || other.state === 'ghost') this.#part(person, other);
        else this.#doubt(person, other);
      }
      if (person.state !== 'here') continue;
      for (const client_id of person.resident.standing.sealed) {
        const other = this.#latest(client_id);
        if (other?.state !== 'here' || person.bonds.has(other)) continue;
        if (!other.resident.standing.sealed.includes(person.client_id)) continue;
        person.bonds.add(other);
        other.bonds.add(person);
        person.heard.set(other, this.town.now);
        other.heard.set(person, this.town.now);
      }
    }
  }

  /** Parts those of whom nothing was heard: to be called before judging. */
  review(): void {
    this.#bond();
  }
}
