/**
 * The connections of one client: one, and more of them while its room moves from task to task. To what is above they are one
 * connection, with slots of its own. Nothing is lost or comes twice for a move, and what one client sends stays in order:
 * - A client sends on its oldest line until all who are there are on a newer one, too, or have had their time; then it says
 *   `moved_on` there. Sealed frames go out on the newer lines as well; of others, those for all go there to whoever is on a
 *   newer line alone.
 * - What comes from somebody on a newer line waits until that one has moved on from the older ones.
 */
import type { ClientControl, Joined, Left, Moved, Welcome } from '../../../shared/protocol/control.ts';
import { HEADER_BYTES, sourceOf } from '../../../shared/protocol/frame.ts';
import type { Bytes } from '../e2ee/bytes.ts';
import type { Route } from '../e2ee/channel.ts';
import { Alarm } from './alarm.ts';
import type { Endpoint } from './engine.ts';
import { HeldBack, MOST_HELD_BYTES } from './held-back.ts';
import { Hints } from './hints.ts';
import { Line } from './line.ts';
import type { LineEnd } from './line.ts';
import type { LinesDeps, LinesEvents } from './lines-types.ts';
import { moveOnBy, movingOn, waitedInVain } from './moving-on.ts';
import { Places } from './places.ts';
import type { Change } from './places.ts';
import { routesOf, sendOn, translate } from './translation.ts';

/** A room that moves more often than its clients can follow is not waited for on every task. */
export const MOST_LINES = 3;
/** To all above, somebody of whom some may be lost has left for a moment. */
const TORN = { reason: 'resuming' } as const;

const LEAVE = JSON.stringify({ type: 'leave' } satisfies ClientControl);
const MOVED_ON = JSON.stringify({ type: 'moved_on' } satisfies ClientControl);

export class Lines {
  readonly #deps: LinesDeps;
  readonly #events: LinesEvents;
  readonly #alarm: Alarm;
  readonly #held: HeldBack;
  readonly #hints: Hints;
  /** Those whose relays have let us in, the oldest first. */
  #lines: readonly Line[] = [];
  #pending: Line | undefined;
  #next_number = 0;
  /** The oldest line that we have not moved on from. */
  #sending = 0;
  /** undefined until the room moves: until then the relay's slots are ours. */
  #places: Places | undefined;
  /** The room moves, and we are not on the newest task yet. */
  #expecting = false;
  #moved_epoch = 0;

  constructor(deps: LinesDeps, events: LinesEvents) {
    this.#deps = deps;
    this.#events = events;
    this.#held = new HeldBack(deps.sealed);
    this.#hints = new Hints((hint) => events.hint(hint));
    this.#alarm = new Alarm(deps.clock, () => this.#settle());
  }

  /** Whether a relay has let us in. */
  get welcomed(): boolean {
    return this.#lines.length > 0;
  }

  /** Bytes that wait where most do. */
  get bufferedAmount(): number {
    const open = this.#current.filter(({ connection }) => connection.open);
    return Math.max(0, ...open.map(({ connection }) => connection.bufferedAmount));
  }

  /** The first line. Whatever there was is over. */
  open(endpoint: Endpoint): void {
    for (const line of this.#reset()) line.abandon();
    this.#pending = this.#line(endpoint);
  }

  /** A line beside those that there are, if any, in place of one that is being opened. */
  move(endpoint: Endpoint): void {
    const [oldest] = this.#lines;
    if (oldest === undefined) return;
    if (this.#lines.length === MOST_LINES) this.#giveUp(oldest);
    // Whoever was told of that may have ended it all.
    if (!this.welcomed) return;
    this.#pending?.abandon();
    this.#pending = this.#line(endpoint);
  }

  /** A frame whose slots are ours. `via`: the line of a {@link Route}; otherwise whichever lines it takes. */
  send(frame: Bytes, via?: number): void {
    if (this.#places === undefined) this.#lines[0]?.send(frame);
    else sendOn(this.#current, this.#places, frame, via);
  }

  /** Where something goes that says our slot; undefined: only one way, and our slot is that of the welcome. */
  routes(to: number): Route[] | undefined {
    return this.#places === undefined ? undefined : routesOf(this.#current, this.#places, to);
  }

  /** See `Engine.probe`. */
  probe(): void {
    for (const line of [...this.#lines, this.#pending]) line?.connection.probe();
    this.#settle();
  }

  /** Ends all lines without an event; `leaving` gives the seat up. */
  async close(leaving: boolean): Promise<void> {
    const lines = this.#reset();
    if (leaving) for (const line of lines) line.send(LEAVE);
    await Promise.all(lines.map((line) => line.close(leaving ? 1000 : undefined)));
  }

  abandon(): void {
    for (const line of this.#reset()) line.abandon();
  }

  /** Those that we send on. */
  get #current(): readonly Line[] {
    return this.#lines.filter(({ number }) => number >= this.#sending);
  }

  /** Forgets all lines, and returns them. */
  #reset(): Line[] {
    const lines = this.#pending === undefined ? [...this.#lines] : [...this.#lines, this.#pending];
    const was_welcomed = this.welcomed;
    this.#pending = undefined;
    this.#clear();
    if (was_welcomed) this.#events.over();
    return lines;
  }

  #clear(): void {
    this.#lines = [];
    this.#places = undefined;
    this.#held.clear();
    this.#expecting = false;
    this.#moved_epoch = 0;
    this.#hints.clear();
    this.#alarm.clear();
  }

  #line(endpoint: Endpoint): Line {
    return new Line(this.#next_number++, endpoint, this.#deps, {
      welcome: (line, welcome) => this.#welcome(line, welcome),
      joined: (line, message) => this.#joined(line, message),
      left: (line, message) => this.#left(line, message),
      hint: (line, hint) => this.#hints.take(line, hint, this.#current, this.#places),
      frame: (line, frame) => this.#frame(line, frame),
      fault: (message) => this.#events.fault(message),
      moved: (line, message) => this.#moved(line, message),
      ended: (line, end) => this.#ended(line, end),
    });
  }

  #welcome(line: Line, welcome: Welcome): void {
    const now = this.#deps.clock();
    line.welcomed_at = now;
    this.#pending = undefined;
    this.#lines = [...this.#lines, line];
    const places = this.#places;
    if (places === undefined) {
      this.#sending = line.number;
      this.#events.welcome(welcome);
      return;
    }
    this.#expecting = false;
    const changes = places.welcome(line.number, welcome.clients, now);
    this.#events.arrived(welcome);
    this.#settle(changes);
  }

  #joined(line: Line, message: Joined): void {
    if (this.#places === undefined) this.#events.joined(message);
    else this.#settle(this.#places.joined(line.number, message));
  }

  #left(line: Line, message: Left): void {
    if (this.#places === undefined) {
      this.#events.left(message);
      return;
    }
    const newest = this.#lines.at(-1)!.number;
    const settled = line.number === newest && !this.#expecting;
    const now = this.#deps.clock();
    const late = waitedInVain(line, now);
    // It may have gone over just before the newer relay told it of us.
    const just_here = waitedInVain(line, this.#lines.at(-1)!.welcomed_at);
    this.#settle(this.#places.left(line.number, message, { newest, settled, late, just_here, now }));
  }

  #moved(line: Line, { url, epoch, deadline_ms }: Moved): void {
    if (deadline_ms !== undefined) line.move_on ??= moveOnBy(deadline_ms, this.#deps.clock());
    if (line === this.#pending) {
      if (this.welcomed) {
        line.abandon();
        this.#pending = undefined;
      }
      this.#events.moved(url);
      return;
    }
    if (epoch <= Math.max(this.#moved_epoch, this.#lines.at(-1)!.epoch)) return;
    this.#moved_epoch = epoch;
    this.#expecting = true;
    // From now on slots differ from task to task, and who leaves this one need not leave the room.
    this.#places ??= new Places(line.number, line.own_slot!, line.slots.all, this.#deps.sealed);
    this.#events.moved(url);
  }

  #frame(line: Line, frame: Bytes): void {
    const places = this.#places;
    if (places === undefined || frame.length < HEADER_BYTES) {
      this.#events.receive(frame, undefined);
      return;
    }
    const wire_slot = sourceOf(frame);
    const from = translate(frame, line, places);
    if (!this.#held.take(from, line.number, frame, places)) this.#events.receive(frame, wire_slot);
    // An older line is stuck.
    else if (this.#held.bytes > MOST_HELD_BYTES) this.#giveUp(this.#lines[0]!);
  }

  #ended(line: Line, end: LineEnd): void {
    if (line === this.#pending) {
      this.#pending = undefined;
      if (this.welcomed) this.#events.strayed(end);
      else this.#events.ended(end);
      return;
    }
    const newest = this.#lines.at(-1)!;
    if (line === newest && line.number === this.#sending) {
      this.#endAll(line, end);
      return;
    }
    if (line === newest) this.#expecting = true;
    this.#drop(line);
    if (line === newest && this.#pending === undefined) this.#events.strayed(end);
    this.#settle();
  }

  /** The only line that we could still send on is over. */
  #endAll(line: Line, end: LineEnd): void {
    for (const other of this.#lines) {
      if (other !== line) other.abandon();
      this.#places?.ended(other.number, this.#deps.clock());
    }
    this.#release();
    this.#clear();
    this.#events.over();
    if (this.#pending === undefined) this.#events.ended(end);
    else this.#events.reopening(end);
  }

  /** Forgets a line, which is not the only one. */
  #drop(line: Line): void {
    this.#lines = this.#lines.filter((other) => other !== line);
    if (line.number === this.#sending) {
      this.#sending = this.#lines.find(({ number }) => number > line.number)!.number;
    }
    const places = this.#places;
    for (const torn of places?.ended(line.number, this.#deps.clock()) ?? []) this.#tell(torn, places);
  }

  /** Ends an older line, whoever is left there. */
  #giveUp(line: Line): void {
    if (line.number === this.#sending) line.send(MOVED_ON);
    this.#drop(line);
    void line.close();
    this.#settle();
  }

  /** Tells what changed, and does what is due. */
  #settle(changes: readonly Change[] = []): void {
    const places = this.#places;
    if (places === undefined) return;
    const now = this.#deps.clock();
    // What is lost was sent before all that is held back, and what somebody sent on a newer line comes before that it left.
    for (const change of changes) if (change.type === 'torn') this.#tell(change, places);
    this.#release();
    for (const change of [...changes, ...places.expire(now)]) {
      if (change.type !== 'torn') this.#tell(change, places);
    }
    // Whoever was told may have ended it all.
    if (places !== this.#places) return;
    const due = movingOn(this.#lines, this.#sending, places, now);
    switch (due.do) {
      case 'close':
        this.#giveUp(due.line);
        return;
      case 'move_on':
        due.line.send(MOVED_ON);
        this.#sending = due.to;
        this.#settle();
        return;
      case 'wait': {
        this.#hints.compare(this.#current);
        const at = Math.min(due.until, places.deadline);
        if (at < Infinity) this.#alarm.set(at);
        else this.#alarm.clear();
      }
    }
  }

  /** `places`: those that said so. Whoever was told before may have ended it all. */
  #tell(change: Change, places: Places | undefined): void {
    const { client_id, slot } = change;
    if (places === this.#places && change.type !== 'joined') {
      const { reason } = change.type === 'left' ? change : TORN;
      this.#events.left({ type: 'left', client_id, slot, reason });
    }
    if (places === this.#places && change.type !== 'left') {
      this.#events.joined({ type: 'joined', client_id, slot });
    }
  }

  #release(): void {
    const places = this.#places;
    if (places === undefined) return;
    for (const frame of this.#held.release(places)) {
      // Whoever heard the one before may have ended it all.
      if (places !== this.#places) return;
      this.#events.receive(frame, undefined);
    }
  }
}
