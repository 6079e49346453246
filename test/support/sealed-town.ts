/**
 * Sealed channels over a relay in memory, in virtual time: nothing moves but by {@link SealedTown.run}. In Node each run of
 * a script is the same; it runs in browsers, too.
 */
import type { Bytes } from '../../client/src/e2ee/bytes.ts';
import type { ChannelEvents } from '../../client/src/e2ee/channel.ts';
import type { CryptoPort } from '../../client/src/e2ee/crypto-port.ts';
import { SealedChannel } from '../../client/src/e2ee/sealed-channel.ts';
import { destinationOf, TO_ALL } from '../../shared/protocol/frame.ts';
import { seededFill } from './e2ee.ts';
import type { Lie, Meddle } from './sealed-relay.ts';
import { Resident, WELCOME } from './sealed-resident.ts';
import type { Said } from './sealed-resident.ts';
import { turn } from './turn.ts';
import { watched, Work } from './watched-crypto.ts';

export interface SealedTownOptions {
  port: CryptoPort;
  room_id?: string;
  seed?: number;
}

export const SECRET = new Uint8Array(32).fill(7);

/** More work than that at one instant does not come to an end. */
const MOST_ROUNDS = 20_000;
/** More calls than that of one channel at one instant are a loop. */
const MOST_TICKS = 1_000;

/** A room: its relay, its members and the time. */
export class SealedTown {
  readonly room_id: string;
  readonly residents: Resident[] = [];
  /** Every frame that the relay saw, in order. */
  readonly seen: { from: string; frame: Bytes }[] = [];
  readonly #port: CryptoPort;
  readonly #work = new Work();
  #seed: number;
  #next_slot = 0;
  /** The others were told that these are gone; the relay goes on handing them all that it can. */
  readonly #ghosts = new Set<Resident>();
  /** Slots are kept for clients that come back. */
  readonly #slots = new Map<string, number>();
  meddle: Meddle = (frame) => [frame];
  lie: Lie = (said) => [said];
  /** Called for all that reaches a member. */
  onDelivered: (said: Said, to: Resident) => void = () => undefined;
  now = 1_000;

  constructor({ port, room_id = '12345', seed = 1 }: SealedTownOptions) {
    this.room_id = room_id;
    this.#port = port;
    this.#seed = seed;
  }

  /** A client with the link, or with another secret; not connected yet. */
  async make(client_id: string, secret: Uint8Array = SECRET, max_peers?: number): Promise<Resident> {
    const resident = new Resident(client_id, this.#seed++);
    const options = {
      crypto: watched(this.#port, this.#work, (plaintext) => resident.opened.push(plaintext.slice())),
      fill: seededFill(resident.seed),
      clock: () => this.now + resident.offset,
      room_id: this.room_id,
      secret: new Uint8Array(secret),
      ...(max_peers === undefined ? {} : { max_peers }),
    };
    resident.channel = await SealedChannel.create(options, this.#eventsOf(resident));
    this.residents.push(resident);
    return resident;
  }

  /** Makes a client and connects it. */
  async join(client_id: string, secret?: Uint8Array, max_peers?: number): Promise<Resident> {
    const resident = await this.make(client_id, secret, max_peers);
    this.connect(resident);
    return resident;
  }

  /** Those of these names, who have come one after the other. */
  async gather<const Names extends readonly string[]>(
    ...client_ids: Names
  ): Promise<{ [Name in keyof Names]: Resident }> {
    const residents: Resident[] = [];
    for (const client_id of client_ids) {
      residents.push(await this.join(client_id));
      await this.run(100);
    }
    return residents as { [Name in keyof Names]: Resident };
  }

  /** `slot`: default the one that the client had, or else one that nobody had. */
  connect(resident: Resident, slot?: number): void {
    const others = this.connected();
    const { client_id } = resident;
    resident.slot = slot ?? this.#slots.get(client_id) ?? this.#next_slot++;
    this.#next_slot = Math.max(this.#next_slot, resident.slot + 1);
    this.#slots.set(client_id, resident.slot);
    const clients = others.map((other) => ({ client_id: other.client_id, slot: other.slot! }));
    const welcome = { ...WELCOME, room_id: this.room_id, slot: resident.slot, clients };
    this.#say(resident, { kind: 'welcome', welcome });
    const message = { type: 'joined', client_id, slot: resident.slot } as const;
    for (const other of [...others, ...this.#ghosts]) this.#say(other, { kind: 'joined', message });
  }

  /** The connection breaks: what is on its way in both directions is lost, and the relay tells the others. */
  cut(resident: Resident, reason: 'resuming' | 'gone' = 'resuming'): void {
    const slot = this.drop(resident);
    if (slot !== undefined) this.tellLeft(resident.client_id, slot, reason);
  }

  /** The connection breaks, and the relay does not tell. The slot that it had. */
  drop(resident: Resident): number | undefined {
    const { slot } = resident;
    if (slot === undefined) return undefined;
    resident.slot = undefined;
    resident.inbox.clear();
    resident.outbox.clear();
    resident.channel.disconnected();
    return slot;
  }

  /** The task is killed: all connections break, nobody is told, and slots begin anew. */
  kill(): void {
    for (const resident of this.residents) this.drop(resident);
    this.#ghosts.clear();
    this.#slots.clear();
    this.#next_slot = 0;
  }

  /** The relay tells those who are connected that a client left. */
  tellLeft(client_id: string, slot: number, reason: 'resuming' | 'gone'): void {
    if (reason === 'gone') this.#slots.delete(client_id);
    const message = { type: 'left', client_id, slot, reason } as const;
    for (const other of this.connected()) this.#say(other, { kind: 'left', message });
  }

  /**
   * The relay tells the others that a member is gone, takes nothing from it any more, and goes on handing it what is for
   * all, or was for its slot.
   */
  expel(resident: Resident): void {
    this.#ghosts.add(resident);
    this.tellLeft(resident.client_id, resident.slot!, 'gone');
  }

  /** A new connection takes the place of the client's old one: the relay tells nobody. What was on its way is lost. */
  replace(resident: Resident): void {
    const slot = this.drop(resident)!;
    this.takeSeat(resident, slot);
  }

  /** The page is loaded anew: the client has another identity, in the very slot of before if the relay noticed nothing. */
  async reload(resident: Resident, noticed = true): Promise<Resident> {
    const slot = resident.slot ?? this.#slots.get(resident.client_id)!;
    if (noticed) this.cut(resident);
    else this.drop(resident);
    resident.channel.close();
    const again = await this.make(resident.client_id);
    if (noticed) this.connect(again);
    else this.takeSeat(again, slot);
    return again;
  }

  /** Connects a client of which the relay tells nobody. */
  takeSeat(resident: Resident, slot: number): void {
    const { lie } = this;
    this.lie = (said, to) => (said.kind === 'joined' ? [] : lie(said, to));
    this.connect(resident, slot);
    this.lie = lie;
  }

  /** Leaves as the SDK does: BYE, then the relay says that it is gone. */
  async leave(resident: Resident): Promise<void> {
    await resident.channel.bye();
    await this.settle();
    this.cut(resident, 'gone');
    resident.channel.close();
  }

  /** A frame arrives at a member, whoever sent it. */
  hand(to: Resident, frame: Bytes): void {
    to.inbox.putAt({ kind: 'frame', frame: frame.slice() }, this.now);
  }

  /** Those whom the relay shows. */
  connected(): Resident[] {
    return this.residents.filter((resident) => resident.slot !== undefined && !this.#ghosts.has(resident));
  }

  /** Runs all that is due, until nothing moves any more. Time stands still. */
  async settle(): Promise<void> {
    const ticks = new Map<Resident, number>();
    for (let quiet = 0, rounds = 0; quiet < 2; rounds++) {
      if (rounds > MOST_ROUNDS) throw new Error(`The room does not come to rest at ${this.now} ms`);
      quiet = this.#move(ticks) || !this.#work.isDone ? 0 : quiet + 1;
      await turn();
    }
  }

  /** Runs what is due for some turns of the event loop; other work may still be under way. */
  async nudge(turns: number): Promise<void> {
    const ticks = new Map<Resident, number>();
    for (let i = 0; i < turns; i++) {
      this.#move(ticks);
      await turn();
    }
  }

  /** Lets `ms` pass, from one thing that is due to the next. */
  async run(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await this.settle();
      if (this.now >= end) return;
      this.now = Math.min(end, Math.max(this.#due(), this.now));
    }
  }

  /** Time goes by and nobody is run: machines that sleep. */
  sleep(ms: number): void {
    this.now += ms;
  }

  #due(): number {
    let due = Infinity;
    for (const { alarm, inbox, outbox, asleep } of this.residents) {
      if (!asleep) due = Math.min(due, alarm, inbox.next);
      due = Math.min(due, outbox.next);
    }
    return due;
  }

  #eventsOf(resident: Resident): ChannelEvents {
    return resident.events({
      send: (frame) => {
        if (resident.slot === undefined) return;
        resident.outbox.put(frame.slice(), this.now + resident.latency());
      },
      // Timers run by no clock that jumps.
      alarm: (at) => (resident.alarm = this.now + Math.max(0, at - this.now - resident.offset)),
    });
  }

  #say(to: Resident, said: Said): void {
    for (const each of this.lie(said, to)) to.inbox.put(each, this.now + to.latency());
  }

  #move(ticks: Map<Resident, number>): boolean {
    let moved = false;
    for (const resident of this.residents) {
      moved = this.#read(resident) || moved;
      if (resident.asleep) continue;
      moved = this.#deliver(resident) || moved;
      if (resident.alarm > this.now) continue;
      resident.alarm = Infinity;
      const count = (ticks.get(resident) ?? 0) + 1;
      if (count > MOST_TICKS)
        throw new Error(`${resident.client_id} is due again and again at ${this.now} ms`);
      ticks.set(resident, count);
      resident.channel.tick();
      moved = true;
    }
    return moved;
  }

  /** The relay reads what a member sent, and passes it on. */
  #read(from: Resident): boolean {
    let moved = false;
    for (let frame = from.outbox.take(this.now); frame !== undefined; frame = from.outbox.take(this.now)) {
      moved = true;
      if (this.#ghosts.has(from)) continue;
      this.seen.push({ from: from.client_id, frame });
      const destination = destinationOf(frame);
      for (const to of [...this.connected(), ...this.#ghosts]) {
        if (to === from || (destination !== TO_ALL && destination !== to.slot)) continue;
        for (const arriving of this.meddle(frame.slice(), from, to)) {
          const arrives = this.now + to.latency();
          if (!('after' in arriving)) to.inbox.put({ kind: 'frame', frame: arriving }, arrives);
          else to.inbox.putAt({ kind: 'frame', frame: arriving.frame }, arrives + arriving.after);
        }
      }
    }
    return moved;
  }

  #deliver(to: Resident): boolean {
    let moved = false;
    for (let said = to.inbox.take(this.now); said !== undefined; said = to.inbox.take(this.now)) {
      moved = true;
      this.onDelivered(said, to);
      if (said.kind === 'welcome') to.channel.welcome(said.welcome);
      else if (said.kind === 'joined') to.channel.joined(said.message);
      else if (said.kind === 'left') to.channel.left(said.message);
      else to.channel.receive(said.frame);
    }
    return moved;
  }
}
