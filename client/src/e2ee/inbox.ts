/** What comes from one other member: opened, each message once, in order, and what is missing asked for. */
import { destinationOf, readHeader, TO_ALL } from '../../../shared/protocol/frame.ts';
import type { FrameHeader } from '../../../shared/protocol/frame.ts';
import type { KeyOffer } from './base-key.ts';
import type { Bytes } from './bytes.ts';
import type { Spans } from './control-body.ts';
import type { CryptoPort, Verifier } from './crypto-port.ts';
import { HeldFrames } from './held-frames.ts';
import { InOrder } from './in-order.ts';
import { CONTEXT, isSigned, unpackKid } from './kid.ts';
import type { Context } from './kid.ts';
import { LANE_OF_ALL, nameOf, placeOf } from './lanes.ts';
import { RESEND_MOST_MS, RESEND_MS, RESEND_SOON_MS } from './limits.ts';
import { Opener } from './opener.ts';
import type { Opening, RefusalReason } from './opener.ts';
import { ReceivingKeys } from './receiving-keys.ts';
import type { Learning, PastKeys } from './receiving-keys.ts';
import { Reorder } from './reorder.ts';
import type { Delivery, Range } from './reorder.ts';

/** A frame that was opened; `header` has its slots as they came. */
export interface Opened {
  header: FrameHeader;
  body: Bytes;
  /** For us alone. */
  unicast: boolean;
}

export interface InboxEvents {
  /** Of contexts 1 to 4: those of context 1 in their order. */
  opened(frame: Opened): void;
  /** Of context 0, each once, as they come: they need no order. */
  control(body: Bytes, lane: number): void;
  /**
   * A frame is none that this member seals now. True if it may be by somebody else who comes in the member's place: then that
   * one gets it later.
   */
  foreign(frame: Bytes): boolean;
  /** A frame was refused; likewise. */
  refused(reason: RefusalReason): void;
  /** A key is needed that we were not told. */
  unknownKey(kid: number): void;
  /** The member left while a frame was being opened, which may be by whoever came in its place. */
  tooLate(frame: Bytes): void;
  /** Frames were dropped, for their key did not come. */
  noKey(count: number): void;
  /** Messages (of context 1) are lost for good. */
  lost(count: number): void;
  /** Something of context 0 or 1 came for the first time: {@link Inbox.deadline} may be another. */
  sorted(): void;
}

/** Lanes that have gaps, to be asked for. */
export interface Gap {
  context: Context;
  lane: number;
  ranges: Range[];
}

/** What is kept of a member that left, so that nothing of it is shown twice if it comes back. */
export interface PastInbox {
  keys: PastKeys | undefined;
  /** By context and lane: the sequence number that was due. */
  due: ReadonlyMap<number, number>;
}

interface Lane {
  context: Context;
  lane: number;
  reorder: Reorder<Opened | undefined>;
  /** Since when there is a gap. */
  gap_since: number | undefined;
  /** When it was asked for, or some of it came, last; and how often it was asked for since some came. */
  tried_at: number;
  tries: number;
}

function tried(lane: Lane, at: number, tries: number): void {
  lane.tried_at = at;
  lane.tries = tries;
}

export class Inbox {
  readonly #events: InboxEvents;
  readonly #keys: ReceivingKeys;
  readonly #opener: Opener;
  readonly #held = new HeldFrames();
  readonly #order = new InOrder();
  readonly #lanes = new Map<number, Lane>();
  readonly #past: PastInbox | undefined;
  /** Its lane for us, as it said last. */
  #own_lane: number | undefined;
  #closed = false;

  constructor(
    crypto: CryptoPort,
    {
      room,
      sender,
      own_id,
      past,
    }: { room: Bytes; sender: { id: Bytes; verifier: Verifier }; own_id: Bytes; past: PastInbox | undefined },
    events: InboxEvents,
  ) {
    this.#events = events;
    this.#past = past;
    this.#keys = new ReceivingKeys(crypto, past?.keys);
    this.#opener = new Opener(room, sender, own_id, this.#keys);
  }

  /** A sealed frame from this member's slot at `now`. */
  receive(frame: Bytes, now: number): void {
    this.#open(frame, now, undefined);
  }

  /** Takes in what a KEY told, and tries again what waited for it. */
  async learn(offer: KeyOffer, now: number): Promise<Learning> {
    const learning = await this.#keys.learn(offer, now);
    if (learning === 'new') this.#held.retry((frame, until) => this.#open(frame, now, until));
    return learning;
  }

  /** What the member says to all: how far its lane for all goes. */
  goesTo(all: Spans, now: number): void {
    this.#spans(LANE_OF_ALL, all, false, now);
  }

  /** What the member says to us alone: where its lane for all, and that for us, begin for us, and how far they go. */
  begins(all: Spans, own: { lane: number; spans: Spans }, now: number): void {
    if (own.lane !== this.#own_lane) this.#leaveLane(this.#own_lane, now);
    this.#own_lane = own.lane;
    this.#spans(LANE_OF_ALL, all, true, now);
    this.#spans(own.lane, own.spans, true, now);
  }

  /** The member says that of one of its lanes nothing before `from` comes any more. */
  isKept({ context, lane, from }: { context: Context; lane: number; from: number }, now: number): void {
    const entry = this.#lanes.get(nameOf(context, lane));
    if (entry !== undefined) this.#deliver(entry, entry.reorder.giveUp(from), now);
  }

  /** The member, or we, were away until `now`: what is missing is waited for anew. */
  restart(now: number): void {
    for (const lane of this.#lanes.values()) {
      lane.reorder.restart(now);
      tried(lane, -Infinity, 0);
    }
  }

  /** The gaps that are to be asked for at `now`; they then count as asked. */
  gaps(now: number): Gap[] {
    const gaps: Gap[] = [];
    for (const lane of this.#lanes.values()) {
      if (this.#askAt(lane) > now) continue;
      tried(lane, now, lane.tries + 1);
      gaps.push({ context: lane.context, lane: lane.lane, ranges: lane.reorder.missing() });
    }
    return gaps;
  }

  /** Gives up what is missing for too long. Only while the member is connected: else it could not send it again. */
  expire(now: number): void {
    for (const lane of this.#lanes.values()) {
      if ((lane.reorder.deadline ?? Infinity) <= now) this.#deliver(lane, lane.reorder.expire(now), now);
    }
  }

  /** Drops frames and keys whose time is over. */
  expireKeys(now: number): void {
    const dropped = this.#held.expire(now);
    if (dropped > 0) this.#events.noKey(dropped);
    this.#keys.expire(now);
  }

  /** When {@link Inbox.gaps}, {@link Inbox.expire} or {@link Inbox.expireKeys} has something to do, old keys apart. */
  get deadline(): number {
    let due = this.#held.deadline ?? Infinity;
    for (const lane of this.#lanes.values()) {
      due = Math.min(due, this.#askAt(lane), lane.reorder.deadline ?? Infinity);
    }
    return due;
  }

  /** The member left: shows what came, tells what did not, and overwrites the keys. */
  retire(now: number): PastInbox {
    const due = new Map(this.#past?.due);
    for (const [name, lane] of this.#lanes) {
      this.#deliver(lane, lane.reorder.flush(), now);
      if (lane.reorder.next !== undefined) due.set(name, lane.reorder.next);
    }
    this.#closed = true;
    return { keys: this.#keys.retire() ?? this.#past?.keys, due };
  }

  /** Calls `use` once all that came by now was opened: at once where nothing is under way. */
  afterAll(use: () => void): void {
    this.#order.add(undefined, use);
  }

  /** Overwrites the keys; nothing is told any more. */
  close(): void {
    this.#closed = true;
    this.#keys.erase();
  }

  #open(frame: Bytes, now: number, held_until: number | undefined): void {
    this.#order.add(this.#opener.open(frame, now), (opening) => {
      if (this.#closed) this.#events.tooLate(frame);
      else this.#take(frame, opening, now, held_until);
    });
  }

  #take(frame: Bytes, opening: Opening, now: number, held_until: number | undefined): void {
    switch (opening.kind) {
      case 'refused':
        if (this.#events.foreign(frame)) return;
        // It came before: that is no fault of anybody's when a frame is sent again.
        if (opening.reason !== 'replay') this.#events.refused(opening.reason);
        return;
      case 'unknown_key':
        if (!this.#events.foreign(frame)) this.#hold(frame, opening.kid, now, held_until);
        return;
      case 'opened':
        if (isSigned(opening.context)) this.#sort(frame, opening, now);
        else this.#events.opened(openedOf(frame, opening.body, destinationOf(frame) !== TO_ALL));
        return;
    }
  }

  #hold(frame: Bytes, kid: number, now: number, held_until: number | undefined): void {
    // From before we came: not for us.
    if (this.#keys.isBeforeAll(unpackKid(kid)!)) return;
    this.#events.unknownKey(kid);
    if (held_until !== undefined) this.#held.holdUntil(frame, held_until);
    else if (!this.#held.hold(frame, now)) this.#events.noKey(1);
  }

  #sort(frame: Bytes, { context, ctr, body }: Opening & { kind: 'opened' }, now: number): void {
    const place = placeOf(ctr);
    const lane = this.#lane(context, place.lane);
    const is_message = context === CONTEXT.MSG;
    const opened = is_message ? openedOf(frame, body, place.lane !== LANE_OF_ALL) : undefined;
    const acceptance = lane.reorder.accept(place.sequence, opened, opened?.body.length ?? 0, now);
    // What came before says nothing: the relay may play it again.
    if (acceptance.kind === 'refused') return;
    // What is on its way need not be asked for.
    if (acceptance.was_missing) tried(lane, now, 1);
    if (!is_message) this.#events.control(body, place.lane);
    this.#deliver(lane, acceptance.deliveries, now);
    this.#events.sorted();
  }

  #spans(lane: number, { control, messages }: Spans, begins: boolean, now: number): void {
    for (const [context, span] of [
      [CONTEXT.CTRL, control],
      [CONTEXT.MSG, messages],
    ] as const) {
      const entry = this.#lane(context, lane);
      if (begins) this.#deliver(entry, entry.reorder.begin(span.start), now);
      entry.reorder.expect(span.next, now);
      this.#note(entry, now);
    }
  }

  /** A lane is not ours any more: what is missing of it does not come. */
  #leaveLane(lane: number | undefined, now: number): void {
    if (lane === undefined) return;
    for (const context of [CONTEXT.CTRL, CONTEXT.MSG]) {
      const entry = this.#lanes.get(nameOf(context, lane));
      if (entry !== undefined) this.#deliver(entry, entry.reorder.flush(), now);
    }
  }

  #lane(context: Context, lane: number): Lane {
    const name = nameOf(context, lane);
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const reorder = new Reorder<Opened | undefined>(this.#past?.due.get(name));
    const entry = { context, lane, reorder, gap_since: undefined, tried_at: -Infinity, tries: 0 };
    this.#lanes.set(name, entry);
    return entry;
  }

  #deliver(lane: Lane, deliveries: readonly Delivery<Opened | undefined>[], now: number): void {
    for (const delivery of deliveries) {
      if (delivery.kind === 'message') {
        if (delivery.message !== undefined) this.#events.opened(delivery.message);
      } else if (lane.context === CONTEXT.MSG) {
        this.#events.lost(delivery.last - delivery.first + 1);
      }
    }
    this.#note(lane, now);
  }

  #note(lane: Lane, now: number): void {
    lane.gap_since = lane.reorder.hasGap ? (lane.gap_since ?? now) : undefined;
  }

  /** A member has one lane for us at a time: one that fills all of them is not to make us ask for all. */
  #askAt({ lane, gap_since, tried_at, tries }: Lane): number {
    if (gap_since === undefined || (lane !== LANE_OF_ALL && lane !== this.#own_lane)) return Infinity;
    const pause = Math.min(RESEND_MS * 2 ** Math.max(0, tries - 1), RESEND_MOST_MS);
    return Math.max(gap_since + RESEND_SOON_MS, tried_at + pause);
  }
}

function openedOf(frame: Bytes, body: Bytes, unicast: boolean): Opened {
  return { header: readHeader(frame), body, unicast };
}
