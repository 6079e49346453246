/** Carries a script out. */
import { nodeCrypto } from '../../client/src/node/crypto.ts';
import { seededRandom } from '../support/random.ts';
import type { Resident, Said } from '../support/sealed-resident.ts';
import { SealedTown } from '../support/sealed-town.ts';
import { cheap, heldUp } from '../support/watched-crypto.ts';
import { Bonds } from './bonds.ts';
import { Person } from './person.ts';
import { describeStep, FAIR, PLACES } from './script.ts';
import type { Action, Script } from './script.ts';
import { HostileRelay } from './hostile-relay.ts';

/** How long the relay keeps the seat of a client that was cut off, ms. */
const GRACE_MS = 20_000;

export class Play {
  readonly town: SealedTown;
  readonly people: Person[] = [];
  readonly log: string[] = [];
  readonly #script: Script;
  readonly #random: ReturnType<typeof seededRandom>;
  readonly #relay: HostileRelay;
  readonly #bonds: Bonds;
  /** Whoever holds a place: the latest identity of its client. */
  readonly #places: (Person | undefined)[] = [];
  /** Who has a slot, or had it last. */
  readonly #seats = new Map<number, Person>();
  /** What is to be done at a time, in order. */
  #plans: { at: number; task: () => Promise<void> | void }[] = [];

  constructor(script: Script) {
    this.#script = script;
    this.#random = seededRandom(script.seed);
    const port = cheap(nodeCrypto);
    const { turns } = script;
    const slow = turns === 0 ? port : heldUp(port, turns, (below) => this.#random.integer(below));
    this.town = new SealedTown({ port: slow, seed: script.seed % 1_000_000 });
    this.#relay = new HostileRelay(this.town, script.weather ?? FAIR, (below) => this.#random.integer(below));
    this.#bonds = new Bonds(this.people, () => this.town.now);
    this.town.meddle = (frame) => this.#relay.pass(frame);
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
    this.#relay.weather = FAIR;
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
      this.#bonds.review();
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
    this.#bonds.review();
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
    // Who is not run says nothing.
    if (person.resident.asleep && (action.do === 'say' || action.do === 'pose' || action.do === 'leave'))
      return;
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
        if (to !== person.client_id) person.pose(to);
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
    resident.onStanding = () => this.#bonds.review();
    resident.onSecured = () => person.letIn(this.town.now);
    this.people.push(person);
    this.#places[who] = person;
    if (seat === undefined) {
      this.#connect(person);
      return;
    }
    person.state = 'here';
    this.town.takeSeat(resident, seat);
    this.#seat(person);
  }

  #connect(person: Person): void {
    person.state = 'here';
    for (const other of this.people) other.told_gone.delete(person);
    this.town.connect(person.resident);
    this.#seat(person);
  }

  /** Notes whose slot it is now. */
  #seat(person: Person): void {
    const slot = person.resident.slot!;
    const before = this.#seats.get(slot);
    if (before !== undefined && before !== person) person.took_over = true;
    this.#seats.set(slot, person);
  }

  /** The relay notices that a connection broke, and gives the seat away when nobody comes back to it. */
  #cut(person: Person): void {
    this.town.cut(person.resident);
    this.#plan(GRACE_MS, () => {
      if (person.state === 'here' || this.#bonds.latest(person.client_id) !== person) return;
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
    this.town.expel(person.resident);
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
    this.#seats.clear();
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

  #personOf(resident: Resident): Person {
    return this.people.find((person) => person.resident === resident)!;
  }

  /** What the relay says of others. */
  #tell(said: Said, to: Resident): Said[] {
    if (said.kind === 'frame' || said.kind === 'welcome' || !this.#relay.hushes()) return [said];
    // It says so later: else it would have to be taken at its word that somebody is not there.
    this.#plan(this.#relay.delay(), () => {
      if (to.slot !== undefined && this.#isTrue(said)) to.inbox.put(said, this.town.now);
    });
    return [];
  }

  #isTrue({ kind, message }: Said & { kind: 'joined' | 'left' }): boolean {
    const latest = this.#bonds.latest(message.client_id);
    return kind === 'joined'
      ? latest?.state === 'here' && latest.resident.slot === message.slot
      : latest?.state !== 'here';
  }

  #delivered(said: Said, to: Resident): void {
    const person = this.#personOf(to);
    if (said.kind === 'welcome') {
      person.is_let_in = false;
      person.connections++;
    }
    if (said.kind === 'left' && said.message.reason === 'gone')
      this.#bonds.gone(person, said.message.client_id);
    if (said.kind === 'frame' && !this.#relay.isOdd(said.frame)) this.#bonds.heard(person, said.frame);
  }
}
