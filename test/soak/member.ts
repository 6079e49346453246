/** One client of a room: it comes by the SDK, talks, listens, breaks off and ends. Whatever is amiss goes to the ledger. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createUnencryptedRoomOn, joinUnencryptedRoomOn } from '../../client/src/connect.ts';
import { nodePlatformOn, openNodeSocket } from '../../client/src/node/platform.ts';
import type { Platform, Socket } from '../../client/src/platform.ts';
import { fullJitter } from '../../client/src/reconnect.ts';
import type { CloseReason, ConnectionState, Room } from '../../client/src/types.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { FaultKind, Ledger } from './ledger.ts';
import { Listening, spoken } from './talk.ts';
import { noteEnd, noteRefusal } from './told.ts';

/** A dead relay is noticed after 12 s of silence; until then it may hold what was said last. */
const HEARD_WITHIN_MS = 30_000;
/** What a reload asks for. */
const RESUME = 'a resume';
/** A client whose connection broke is back within this time, or told that it cannot be. */
const BACK_WITHIN_MS = 20_000;
/** A break this long after a fault is not that fault's doing. */
const STRUCK_FOR_MS = 30_000;

export interface MemberWorld {
  router: string;
  fetch: typeof fetch;
  random: Random;
  ledger: Ledger;
  /** How long the deployment keeps a new seat, and one whose socket broke, ms. */
  connect_timeout_ms: number;
  resume_grace_ms: number;
  /** All who are in some room now. */
  members: Set<Member>;
}

/** What the members of one room know of each other. */
export interface Company {
  /** Of the room's plan; no other room's frames may be heard. */
  number: number;
  byId: Map<string, Member>;
}

/** A page, from the moment it asks for its seat until it is gone. */
interface Page {
  /** It opens no socket and asks for nothing any more. */
  gone: boolean;
  socket: Socket | undefined;
}

/** What a page has once it is in the room. */
interface Stay {
  page: Page;
  room: Room;
  stops: (() => void)[];
}

type State = 'outside' | 'live' | 'away' | 'over';

export class Member {
  readonly #world: MemberWorld;
  readonly #company: Company;
  readonly listening: Listening;
  #state: State = 'outside';
  #stay: Stay | undefined;
  #away_since = 0;
  #struck: { kind: FaultKind; at: number } | undefined;
  #outage_of: { kind: FaultKind; at: number } | undefined;
  /** Address of the task that it spoke to last. */
  url = '';
  /** How often its connection was lost. */
  breaks = 0;
  sent = 0;

  constructor(world: MemberWorld, company: Company) {
    this.#world = world;
    this.#company = company;
    this.listening = new Listening(company.number, world.ledger);
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

  get client_id(): string {
    return this.#stay?.room.client_id ?? '';
  }

  create(max_clients: number, signal?: AbortSignal): Promise<string | undefined> {
    return this.#enter('create-room', (internals, options) =>
      createUnencryptedRoomOn(internals, { ...options, max_clients, ...(signal && { signal }) }),
    );
  }

  join(room_id: string): Promise<string | undefined> {
    return this.#enter('join-room', (internals, options) =>
      joinUnencryptedRoomOn(internals, { ...options, room_id }),
    );
  }

  /** A fault has hit the task that it speaks to. */
  struck(kind: FaultKind, at: number): void {
    if (this.live) this.#struck = { kind, at };
  }

  talk(): void {
    const stay = this.#stay;
    if (stay === undefined || !this.live) return;
    const padding = this.#world.random.integer(1_500);
    const text = spoken({ room: this.#company.number, n: this.sent + 1, breaks: this.breaks }, padding);
    if (!stay.room.sendText(text)) return;
    this.sent++;
    this.#world.ledger.count('frames_sent');
  }

  /** Its connection is cut. */
  cut(): void {
    if (!this.live) return;
    this.#world.ledger.count('breaks');
    this.#stay?.page.socket?.abandon();
  }

  /** Its page is loaded anew: nothing of the old one is left, and the seat is taken up again. */
  async reload(): Promise<void> {
    const { ledger, random } = this.#world;
    const old = this.#stay;
    if (old === undefined || !this.live) return;
    ledger.count('reloads');
    const { room_id, ...resume } = old.room.seat;
    this.#away();
    this.#end(old);
    // A page that goes away closes its socket; sometimes the relay hears of the new one first.
    if (random.fraction() < 0.5) old.page.socket?.abandon();
    await this.#enter(RESUME, (internals, options) =>
      joinUnencryptedRoomOn(internals, { ...options, room_id, resume }),
    );
    old.page.socket?.abandon();
  }

  /** It is never heard of again; its seat runs out. */
  vanish(): void {
    const stay = this.#stay;
    if (stay === undefined || this.over) return;
    this.#world.ledger.count('vanished');
    this.#finish();
    this.#end(stay);
    stay.page.socket?.abandon();
  }

  /** Says a last word, sees that it is heard, and leaves. */
  async leave(): Promise<void> {
    const stay = this.#stay;
    if (stay === undefined || this.over) return;
    this.talk();
    await this.#heard(stay.room);
    if (this.over) return;
    this.#checkAway();
    this.#world.ledger.count('leaves');
    this.#finish();
    this.#end(stay);
    await stay.room.leave();
  }

  /** Whoever is still away has been so for a short time only: neither whole nor told would be the worst. */
  #checkAway(): void {
    const away = Date.now() - this.#away_since;
    if (this.#state !== 'away' || away < BACK_WITHIN_MS) return;
    if (this.#world.ledger.underFault(['router'], this.#away_since)) return;
    this.#world.ledger.breach(`room ${this.#company.number}: a client was not back after ${away} ms`);
  }

  async #enter(
    what: string,
    call: (
      internals: { platform: Platform },
      options: { router: string; fetch: typeof fetch; reconnect: ReturnType<typeof fullJitter> },
    ) => Promise<Room>,
  ): Promise<string | undefined> {
    const { router, ledger } = this.#world;
    const since = Date.now();
    const page: Page = { gone: false, socket: undefined };
    const jitter = fullJitter();
    let room: Room;
    try {
      room = await call(
        { platform: this.#platform(page) },
        {
          router,
          fetch: this.#world.fetch,
          reconnect: (attempt, elapsed) => (page.gone ? null : jitter(attempt, elapsed)),
        },
      );
    } catch (error) {
      this.#refused(what, error, since);
      return undefined;
    }
    const stops = [
      room.on('state', (state) => this.#changed(state)),
      room.on('message', (message) =>
        this.listening.hear(this.#company.byId.get(message.from), this, message.text()),
      ),
      room.on('error', ({ error }) =>
        ledger.breach(`room ${this.#company.number}: ${error.code}: ${error.message}`),
      ),
    ];
    this.#stay = { page, room, stops };
    this.#company.byId.set(room.client_id, this);
    this.#world.members.add(this);
    ledger.count(what === 'create-room' ? 'rooms_created' : what === 'join-room' ? 'joins' : 'resumes');
    this.#changed(room.state);
    return room.room_id;
  }

  #platform(page: Page): Platform {
    return nodePlatformOn((url, protocols, events) => {
      // It may have been granted what it asked for last.
      if (page.gone) throw new Error('the page is gone');
      this.url = url;
      page.socket = openNodeSocket(url, protocols, events);
      return page.socket;
    });
  }

  /** Nothing is heard of this page any more. */
  #end({ page, stops }: Stay): void {
    page.gone = true;
    for (const stop of stops) stop();
  }

  #finish(): void {
    if (this.live) this.#world.ledger.live--;
    this.#state = 'over';
    this.#world.members.delete(this);
  }

  #changed(state: ConnectionState): void {
    if (state.status === 'live') this.#back();
    else this.#away();
    if (state.status === 'closed') this.#closed(state.reason);
  }

  #back(): void {
    const { ledger } = this.#world;
    if (this.live) return;
    this.#state = 'live';
    ledger.live++;
    const outage = this.#outage_of;
    this.#outage_of = undefined;
    if (outage !== undefined) ledger.recovered(outage.kind, Date.now() - outage.at);
  }

  #away(): void {
    if (!this.live) return;
    this.#state = 'away';
    this.#world.ledger.live--;
    this.breaks++;
    this.#away_since = Date.now();
    if (this.#struck !== undefined && Date.now() - this.#struck.at < STRUCK_FOR_MS) {
      this.#outage_of = this.#struck;
    }
    this.#struck = undefined;
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
    const resuming = call === RESUME;
    if (resuming) this.#finish();
    const what = `room ${this.#company.number}: ${call}`;
    const { byId } = this.#company;
    const deserted = byId.size > 0 && [...byId.values()].every((member) => member.lost);
    noteRefusal(ledger, error, { what, since, resuming, deserted, connect_timeout_ms, resume_grace_ms });
  }

  /** Waits until everyone in the room who was connected all along has heard what this one said last. */
  async #heard(room: Room): Promise<void> {
    if (!this.live) return;
    const { breaks, sent } = this;
    const others = room.members.flatMap(({ client_id }) => {
      const member = this.#company.byId.get(client_id);
      return member?.live === true ? [{ member, breaks: member.breaks }] : [];
    });
    const until = Date.now() + HEARD_WITHIN_MS;
    const waiting = () =>
      others.filter(
        ({ member, breaks }) => member.live && member.breaks === breaks && member.listening.last(this) < sent,
      );
    while (this.live && this.breaks === breaks && waiting().length > 0) {
      if (Date.now() > until) {
        this.#world.ledger.breach(
          `room ${this.#company.number}: frame ${sent} of ${this.client_id} was not heard by ${waiting().length} who were connected all along`,
        );
        return;
      }
      await sleep(25);
    }
  }
}
