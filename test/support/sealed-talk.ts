/** Members of a sealed room that say numbered things to all and to one without a break, and what each hears of the others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_CLASS, type RoomEvents, type SealedRoom } from '../../client/src/node/index.ts';

/** Times a second that each member says something to all, something to one, and sends a pose. */
const RATE = 10;
const PAUSE_MS = 20;

/** What one member has said: numbers count what `send` took. */
interface Said {
  to_all: number;
  /** By client id. */
  to_one: Map<string, number>;
  poses: number;
}

/** What one member heard of another: the numbers that are due; undefined until something came, where the first is not known. */
interface Heard {
  to_all: number | undefined;
  to_one: number | undefined;
  /** The latest. */
  pose: number;
}

export class SealedTalk {
  /** What went wrong in a way that may not be, a sentence each. */
  readonly faults: string[] = [];
  /** Frames that could not be opened, and what else the rooms complained of. */
  readonly complaints: string[] = [];
  readonly #said = new Map<SealedRoom, Said>();
  /** By listener, then by the client id of the sender. */
  readonly #heard = new Map<SealedRoom, Map<string, Heard>>();
  /** Those who have been here from the beginning. */
  readonly #first: ReadonlySet<string>;
  readonly #stops = new Map<SealedRoom, (() => void)[]>();
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;

  /** All of `members` are live, and sealed for each other. */
  constructor(members: readonly SealedRoom[]) {
    this.#first = new Set(members.map(({ client_id }) => client_id));
    for (const member of members) this.add(member);
    this.#timer = setInterval(() => this.#tick(), 1_000 / RATE);
  }

  /** One more takes part. Of what was said before it came nothing is expected. */
  add(member: SealedRoom): void {
    this.#said.set(member, { to_all: 0, to_one: new Map(), poses: 0 });
    this.#heard.set(member, new Map());
    this.#stops.set(member, [
      member.on('frame', (frame) => this.#frame(member, frame)),
      member.on('error', (trouble) => this.#error(member, trouble)),
    ]);
  }

  /** One takes part no more: nothing is expected of it. */
  remove(member: SealedRoom): void {
    this.#said.delete(member);
    this.#heard.delete(member);
    for (const stop of this.#stops.get(member) ?? []) stop();
  }

  /** Resolves when each has been heard by each other, in all three ways, after this call. */
  async goesOn(limit_ms = 20_000): Promise<void> {
    const before = new Map(
      [...this.#said].map(([member, said]) => [member.client_id, { ...said, to_one: new Map(said.to_one) }]),
    );
    const silent = () =>
      this.#pairs().filter(([listener, { client_id }]) => {
        const heard = this.#heardBy(listener, client_id);
        const said = before.get(client_id);
        if (said === undefined) return false;
        return (
          (heard.to_all ?? 0) <= said.to_all ||
          (heard.to_one ?? 0) <= (said.to_one.get(listener.client_id) ?? 0) ||
          heard.pose < said.poses
        );
      });
    await this.#until(() => silent().length === 0, limit_ms);
    for (const pair of silent()) this.faults.push(`${nameOf(pair)}: nothing new was heard`);
  }

  /** Falls silent, and resolves when everything was heard, or after `limit_ms`, to all that went wrong. */
  async end(limit_ms = 20_000): Promise<string[]> {
    clearInterval(this.#timer);
    await this.#until(() => this.#unheard().length === 0, limit_ms);
    for (const stop of [...this.#stops.values()].flat()) stop();
    return [...this.faults, ...this.#unheard()];
  }

  async #until(holds: () => boolean, limit_ms: number): Promise<void> {
    const deadline = performance.now() + limit_ms;
    while (!holds() && performance.now() < deadline) await sleep(PAUSE_MS);
  }

  #pairs(): [listener: SealedRoom, sender: SealedRoom][] {
    const members = [...this.#said.keys()];
    return members.flatMap((listener) =>
      members
        .filter((sender) => sender !== listener)
        .map((sender): [SealedRoom, SealedRoom] => [listener, sender]),
    );
  }

  #heardBy(listener: SealedRoom, sender: string): Heard {
    const of = this.#heard.get(listener)!;
    const known = of.get(sender);
    if (known !== undefined) return known;
    // What one of them said before the other came is not for it.
    const first = this.#first.has(sender) && this.#first.has(listener.client_id) ? 0 : undefined;
    const heard = { to_all: first, to_one: first, pose: -1 };
    of.set(sender, heard);
    return heard;
  }

  #tick(): void {
    this.#ticks++;
    for (const [member, said] of this.#said) {
      if (member.sendText(`all ${said.to_all}`)) said.to_all++;
      const others = [...this.#said.keys()].filter((other) => other !== member);
      const { client_id: to } = others[this.#ticks % others.length]!;
      const number = said.to_one.get(to) ?? 0;
      if (member.sendText(`one ${number}`, { to })) said.to_one.set(to, number + 1);
      if (member.send(FRAME_CLASS.POSE, Buffer.from(`pose ${said.poses}`), { droppable: true })) said.poses++;
    }
  }

  #frame(listener: SealedRoom, { from, payload, unicast }: RoomEvents['frame']): void {
    const heard = this.#heardBy(listener, from);
    const [what, number] = Buffer.from(payload).toString().split(' ') as ['all' | 'one' | 'pose', string];
    if (what === 'pose') {
      heard.pose = Math.max(heard.pose, Number(number));
      return;
    }
    const lane = what === 'all' ? 'to_all' : 'to_one';
    const due = heard[lane] ?? Number(number);
    if (Number(number) !== due || unicast !== (what === 'one')) {
      this.faults.push(`${listener.client_id} of ${from}: "${what} ${number}" came when ${due} was due`);
    }
    heard[lane] = Number(number) + 1;
  }

  #error(listener: SealedRoom, { error, from, reason, count }: RoomEvents['error']): void {
    const what = `${listener.client_id} of ${from}: ${count} ${error.code} ${reason ?? ''} (${error.message})`;
    // A message that was taken, and did not or will not arrive.
    if (error.code === 'lost' || error.code === 'not_sent') this.faults.push(what);
    else this.complaints.push(what);
  }

  #unheard(): string[] {
    return this.#pairs().flatMap(([listener, sender]) => {
      const { to_all, to_one } = this.#said.get(sender)!;
      const heard = this.#heardBy(listener, sender.client_id);
      const one = to_one.get(listener.client_id) ?? 0;
      const name = nameOf([listener, sender]);
      return [
        ...((heard.to_all ?? 0) === to_all
          ? []
          : [`${name}: ${heard.to_all} of ${to_all} to all were heard`]),
        ...((heard.to_one ?? 0) === one ? [] : [`${name}: ${heard.to_one} of ${one} to one were heard`]),
      ];
    });
  }
}

const nameOf = ([listener, sender]: readonly [SealedRoom, SealedRoom]): string =>
  `${listener.client_id} of ${sender.client_id}`;
