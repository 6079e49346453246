/** One client of a room: it comes by the SDK, talks, listens, breaks off and ends. Whatever is amiss goes to the ledger. */
import type { CloseReason, ConnectionState, Frame, Room, RoomEvents } from '../../../client/src/types.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import { type Door, doors } from './doors.ts';
import { type Company, lookAround } from './company.ts';
import type { Fault } from './ledger.ts';
import { heardByAll } from './heard.ts';
import { Listening, spoken } from './talk.ts';
import { noteEnd, noteRefusal, noteTrouble } from './told.ts';
import { Watch, type Watched } from './watch.ts';
import type { MemberWorld, Page } from './world.ts';

/** A client whose connection broke is back within this time after all is well again, or told that it cannot be. */
const BACK_WITHIN_MS = 20_000;

/** What a page has once it is in the room. */
interface Stay {
  page: Page;
  room: Room;
  /** What lets others in. */
  key: string;
  stops: (() => void)[];
}

type State = 'outside' | 'live' | 'away' | 'over';

export class Member implements Watched {
  readonly #world: MemberWorld;
  readonly #company: Company;
  readonly listening: Listening;
  readonly watch: Watch;
  #state: State = 'outside';
  #stay: Stay | undefined;
  #away_since = 0;
  /** Address of the task that it spoke to last. */
  url = '';
  breaks = 0;
  stirred = 0;
  strikes = 0;
  sent = 0;
  /** When it is this one's turn to send a pose. */
  readonly turn: number;
  #poses = 0;

  constructor(world: MemberWorld, company: Company) {
    this.#world = world;
    this.#company = company;
    this.listening = new Listening(company.number, world.ledger);
    this.watch = new Watch(world.ledger);
    this.turn = world.random.integer(1_000);
  }

  get live(): boolean {
    return this.#state === 'live';
  }

  get over(): boolean {
    return this.#state === 'over';
  }

  /** It is over, or has been away for longer than its seat is kept. */
  get lost(): boolean {
    if (this.#state !== 'away') return this.over;
    return Date.now() - this.#away_since >= this.#world.resume_grace_ms;
  }

  /** Number of its room. */
  get room(): number {
    return this.#company.number;
  }

  get room_id(): string {
    return this.#stay?.room.room_id ?? '';
  }

  get client_id(): string {
    return this.#stay?.room.client_id ?? '';
  }

  /** In its room, but for itself. */
  get others(): Member[] {
    return [...this.#company.byId.values()].filter((member) => member !== this);
  }

  /** Resolves to what lets others in, or undefined where it could not enter. */
  create(signal?: AbortSignal): Promise<string | undefined> {
    return this.#enter('create', (door) => door.create(this.#company.max_clients, signal));
  }

  join(key: string): Promise<string | undefined> {
    return this.#enter('join', (door) => door.join(key));
  }

  /** A fault is about to hit the task that it speaks to. */
  struck(fault: Fault): void {
    this.strikes++;
    this.watch.poses.struck();
    if (this.live) this.watch.struck(fault, this.others);
  }

  /** From now on it is to hear from everybody in its room: see {@link amiss}. */
  listenAfresh(): void {
    this.watch.listenAfresh(Date.now(), this.others);
  }

  /** False if it cannot just now. */
  talk(): boolean {
    const stay = this.#stay;
    if (stay === undefined || !this.live) return false;
    const padding = this.#world.random.integer(1_500);
    const n = this.sent + 1;
    const due = stay.room.members.filter(({ sealed }) => sealed || !this.#company.sealed);
    if (!stay.room.sendText(spoken({ ...this.#word(), n }, padding))) return false;
    this.sent = n;
    this.#world.ledger.count('frames_sent');
    for (const { client_id } of due) {
      const other = this.#company.byId.get(client_id);
      // Of one whose page was loaded anew we may still know the old one.
      if (other?.live !== true || (this.#company.sealed && other.breaks > 0)) continue;
      other.listening.expect(this, other, n);
    }
    return true;
  }

  pose(): void {
    const stay = this.#stay;
    if (stay === undefined || !this.live) return;
    const n = this.#poses + 1;
    const bytes = Buffer.from(spoken({ ...this.#word(), n }, 0));
    if (!stay.room.send(FRAME_CLASS.POSE, bytes, { droppable: true })) return;
    this.#poses = n;
    this.#world.ledger.count('poses_sent');
  }

  /** Its connection is cut. */
  cut(): void {
    if (!this.live) return;
    this.#world.ledger.count('breaks');
    this.#stir();
    this.#abandon(this.#stay?.page);
  }

  /** Its page is loaded anew: nothing of the old one is left, and the seat is taken up again. */
  async reload(): Promise<void> {
    const { ledger, random } = this.#world;
    const old = this.#stay;
    if (old === undefined || !this.live) return;
    ledger.count('reloads');
    this.#stir();
    const { room_id: _, ...resume } = old.room.seat;
    this.#away();
    this.#end(old);
    // What the old page had not told went with it, and what it has heard may come again.
    if (this.#company.sealed) {
      this.breaks++;
      this.listening.forget();
    }
    // A page that goes away closes its sockets; sometimes the relay hears of the new one first.
    if (random.fraction() < 0.5) this.#abandon(old.page);
    await this.#enter('resume', (door) => door.join(old.key, resume));
    this.#abandon(old.page);
  }

  /** It is never heard of again; its seat runs out. */
  vanish(): void {
    const stay = this.#stay;
    if (stay === undefined || this.over) return;
    this.#world.ledger.count('vanished');
    this.#finish();
    this.#end(stay);
    this.#abandon(stay.page);
  }

  /** Says a last word, sees that it is heard, and leaves. */
  async leave(): Promise<void> {
    const stay = this.#stay;
    if (stay === undefined || this.over) return;
    // What it said before, and its connection swallowed, is only sent again in sealed rooms.
    const to_be_heard = this.talk() || this.#company.sealed;
    const unheard = to_be_heard ? await heardByAll(this, this.#world.ledger) : undefined;
    if (unheard !== undefined) {
      this.#world.ledger.breach(
        `room ${this.room}: message ${this.sent} of ${this.about()} was not heard by ${unheard}`,
      );
    }
    if (this.over) return;
    this.#checkAway();
    this.#world.ledger.count('leaves');
    this.#finish();
    this.#end(stay);
    await stay.room.leave();
  }

  /** What is amiss in its room when nothing disturbs anybody: a sentence, or undefined. */
  amiss(): string | undefined {
    const who = `room ${this.#company.number}: ${this.about()}`;
    if (!this.live) return `${who} is away`;
    if (!this.watch.hearsAll()) return `${who} does not hear everybody`;
    const seen = this.#stay!.room.members.map(({ client_id }) => client_id);
    const unseen = this.others.filter((other) => !other.over && !seen.includes(other.client_id));
    return unseen.length === 0 ? undefined : `${who} does not see ${unseen.length} who are there`;
  }

  /** Who it is, and how it is, for whoever looks into a breach. */
  about(): string {
    const sealed = this.#company.sealed ? 'sealed' : 'not sealed';
    return `${this.client_id} (${sealed}, ${this.#stay?.room.state.status}, in ${this.room_id} at ${this.url})`;
  }

  #word() {
    return { room: this.#company.number, breaks: this.breaks, at: Date.now() };
  }

  /** Whoever is still away has been so for a short time only: neither whole nor told would be the worst. */
  #checkAway(): void {
    const away = Date.now() - Math.max(this.#away_since, this.#world.ledger.calmSince());
    if (this.#state !== 'away' || away < BACK_WITHIN_MS) return;
    this.#world.ledger.breach(`room ${this.#company.number}: a client was not back after ${away} ms`);
  }

  /** The load itself disturbs it: what it misses then is not measured. */
  #stir(): void {
    this.stirred++;
    this.watch.forget();
  }

  #abandon(page: Page | undefined): void {
    for (const socket of page?.sockets ?? []) socket.abandon();
  }

  async #enter(
    what: 'create' | 'join' | 'resume',
    through: (door: Door) => Promise<{ room: Room; key: string }>,
  ): Promise<string | undefined> {
    const { ledger } = this.#world;
    const since = Date.now();
    const page: Page = { gone: false, sockets: new Set() };
    const door = doors(this.#world, this.#company.sealed, page, {
      opens: (url) => (this.url = url),
      waits: () => ledger.count('waited'),
    });
    let entered: Awaited<ReturnType<typeof through>>;
    try {
      entered = await through(door);
    } catch (error) {
      this.#refused(what, error, since);
      return undefined;
    }
    const { room, key } = entered;
    const stops = [
      room.on('state', (state) => this.#changed(state)),
      room.on('frame', (frame) => this.#frame(frame)),
      room.on('joined', () => this.#lookAround(room)),
      room.on('left', ({ client_id, gone }) => {
        if (!gone) this.#tear(client_id);
      }),
      room.on('error', (trouble) => this.#troubled(trouble)),
    ];
    this.#stay = { page, room, key, stops };
    this.#company.byId.set(room.client_id, this);
    this.#world.members.add(this);
    ledger.count(({ create: 'rooms_created', join: 'joins', resume: 'resumes' } as const)[what]);
    this.#lookAround(room);
    this.#changed(room.state);
    return key;
  }

  #lookAround(room: Room): void {
    lookAround(this.#world, this.#company, room);
  }

  #frame({ class: frame_class, from, payload }: Frame): void {
    const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('latin1');
    const speaker = this.#company.byId.get(from);
    if (frame_class === FRAME_CLASS.POSE) {
      const word = this.listening.hearPose(speaker, this, text);
      if (speaker === undefined || word === undefined) return;
      this.watch.poses.heard(speaker);
      this.watch.heard(speaker, word.at);
      return;
    }
    const { tamper } = this.#world;
    for (const said of tamper === undefined ? [text] : tamper(text, this.#company.sealed)) {
      const word = this.listening.hear(speaker, this, said);
      if (speaker !== undefined && word !== undefined) this.watch.heard(speaker, word.at);
    }
  }

  /** In a room that is not sealed, who leaves and comes back has perhaps not been heard meanwhile. */
  #tear(client_id: string): void {
    const speaker = this.#company.byId.get(client_id);
    if (this.#company.sealed || speaker === undefined) return;
    if (this.live && speaker.live) this.#world.ledger.count('torn');
    this.listening.tear(speaker);
  }

  #troubled(trouble: RoomEvents['error']): void {
    const { error, from } = trouble;
    noteTrouble(this.#world.ledger, trouble, {
      who: `room ${this.#company.number}: ${this.about()}`,
      torn: (client_id) => this.#torn(client_id),
    });
    const speaker = from === undefined ? undefined : this.#company.byId.get(from);
    // It is told, and judged above.
    if (error.code === 'lost' && speaker !== undefined) this.listening.tear(speaker);
  }

  /** What `client_id` said may be lost: its page is gone or another, or we were apart for too long. */
  #torn(client_id: string): boolean {
    const speaker = this.#company.byId.get(client_id);
    return (
      speaker === undefined ||
      speaker.over ||
      speaker.breaks > 0 ||
      this.breaks > 0 ||
      this.listening.apart(speaker)
    );
  }

  /** Nothing is heard of this page any more. */
  #end({ page, stops }: Stay): void {
    page.gone = true;
    for (const stop of stops) stop();
  }

  #finish(): void {
    if (this.live) this.#world.ledger.live--;
    this.#state = 'over';
    this.watch.forget();
    this.#world.members.delete(this);
  }

  #changed(state: ConnectionState): void {
    if (state.status === 'live') this.#back();
    else this.#away();
    if (state.status === 'closed') this.#closed(state.reason);
  }

  #back(): void {
    if (this.live) return;
    this.#state = 'live';
    this.#world.ledger.live++;
  }

  #away(): void {
    if (!this.live) return;
    this.#state = 'away';
    this.#world.ledger.live--;
    if (!this.#company.sealed) this.breaks++;
    this.#away_since = Date.now();
  }

  /** The room told the end of it. */
  #closed(reason: CloseReason): void {
    const { ledger, resume_grace_ms } = this.#world;
    if (this.over) return;
    this.#finish();
    const away_ms = Date.now() - this.#away_since;
    noteEnd(ledger, reason, { who: `room ${this.#company.number}: a client`, away_ms, resume_grace_ms });
  }

  #refused(call: string, error: unknown, since: number): void {
    const { ledger, connect_timeout_ms, resume_grace_ms } = this.#world;
    const resuming = call === 'resume';
    if (resuming) this.#finish();
    const what = `room ${this.#company.number}: ${call}`;
    const { byId } = this.#company;
    const deserted = byId.size > 0 && [...byId.values()].every((member) => member.lost);
    noteRefusal(ledger, error, { what, since, resuming, deserted, connect_timeout_ms, resume_grace_ms });
  }
}
