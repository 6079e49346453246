/** What we seal and send, keep for those who missed it, and send again. */
import { HEADER_BYTES, TO_ALL } from '../../../shared/protocol/frame.ts';
import type { FrameHeader } from '../../../shared/protocol/frame.ts';
import { chain } from './awaitable.ts';
import type { Awaitable } from './awaitable.ts';
import type { Bytes } from './bytes.ts';
import { writeControlBody } from './control-body.ts';
import type { ControlBody, Spans } from './control-body.ts';
import { Budget } from './budget.ts';
import { CONTEXT, isSigned } from './kid.ts';
import type { Context } from './kid.ts';
import { LANE_OF_ALL, Lanes, nameOf, placeOf } from './lanes.ts';
import { RESENT_BYTES, RESENT_FRAMES } from './limits.ts';
import type { Range } from './reorder.ts';
import { Retention } from './retention.ts';
import { address } from './sealer.ts';
import type { SealedFrame, Sealer } from './sealer.ts';

/** A member that a frame is for. `slot`: at the moment of sending; undefined while it is away. */
export interface Destination {
  readonly id: Bytes;
  readonly slot: number | undefined;
}

export type SendingFields = Omit<FrameHeader, 'e2e' | 'source' | 'destination'>;

/** Sequence numbers of contexts 0 and 1. */
type Numbers = readonly [number, number];

const CONTROL_FIELDS: SendingFields = {
  class: CONTEXT.CTRL,
  droppable: false,
  keyframe: false,
  layer: 0,
  stream: 0,
};

export class Sending {
  readonly #sealer: Sealer;
  readonly #lanes = new Lanes();
  /** Where each lane began for the member that has it; lane 0: with the key in use. */
  readonly #began = new Map<number, Numbers>([[LANE_OF_ALL, [0, 0]]]);
  /** Where lane 0 began for the member that has a lane: with the key that it was given first. */
  readonly #all_began = new Map<number, Numbers>();
  readonly #retention = new Retention();
  /** By context and lane: the first sequence number that has not gone out. (More may be being sealed.) */
  readonly #sent = new Map<number, number>();
  readonly #resent = new Budget(RESENT_FRAMES, RESENT_BYTES);
  readonly #transmit: (frame: Bytes, via?: number) => void;
  readonly #now: () => number;
  /** Our slot; undefined while we are not connected. */
  slot: number | undefined;

  constructor(sealer: Sealer, now: () => number, transmit: (frame: Bytes, via?: number) => void) {
    this.#sealer = sealer;
    this.#now = now;
    this.#transmit = transmit;
  }

  /**
   * Seals `body` and sends it; of contexts 0 and 1 it is kept, too, so that those who are away get it later. Throws or
   * rejects with RangeError when a counter, or the lanes, are at their end.
   */
  seal(fields: SendingFields, to: Destination | undefined, body: Bytes): Awaitable<void> {
    const destination = to === undefined ? TO_ALL : 0;
    const receiver = to === undefined ? undefined : { id: to.id, lane: this.#laneOf(to.id) };
    const sealed = this.#sealer.seal({ ...fields, source: 0, destination }, receiver, body);
    return chain(sealed, (frame) => this.#sealed(frame, to));
  }

  /** A body of context 0. */
  control(body: ControlBody, to: Destination | undefined): Awaitable<void> {
    return this.seal(CONTROL_FIELDS, to, writeControlBody(body));
  }

  /** Sends a frame that is not sealed by us: a HELLO or a KEY. `via`: see `ChannelEvents.send`. */
  plain(payload: Bytes, to: number, via?: number): void {
    if (this.slot === undefined) return;
    const frame = new Uint8Array(HEADER_BYTES + payload.length);
    frame[0] = (1 << 6) | (CONTEXT.CTRL << 3);
    frame.set(payload, HEADER_BYTES);
    this.#transmit(address(frame, this.slot, to), via);
  }

  /** Another key is in use from now on: whoever is new can open what follows. */
  keyChanged(): void {
    this.#began.set(LANE_OF_ALL, this.#nextOf(LANE_OF_ALL));
  }

  /** What a heartbeat to all says of lane 0. */
  spans(): Spans {
    return this.#spansOf(LANE_OF_ALL, this.#began.get(LANE_OF_ALL)!);
  }

  /**
   * What one to a member that has our key says of lane 0 and of its own: each time where they began for it, since the first
   * time that may have been lost, and what it then missed would not be noticed.
   */
  spansFor(id: Bytes): { all: Spans; own: Spans } {
    const lane = this.#laneOf(id);
    const began = this.#all_began.get(lane) ?? this.#began.get(LANE_OF_ALL)!;
    this.#all_began.set(lane, began);
    return { all: this.#spansOf(LANE_OF_ALL, began), own: this.#spansOf(lane, this.#began.get(lane)!) };
  }

  /** Whether messages to this member alone are kept: it may miss the last of them, and does not learn that from what is for all. */
  keepsFor(id: Bytes): boolean {
    const lane = this.#lanes.get(id);
    return lane !== undefined && this.#retention.first(CONTEXT.MSG, lane) !== undefined;
  }

  /** Sends again what a member misses, of lane 0 or of its own, and tells it where some of that is gone. */
  resend(to: Destination, context: Context, lane: number, ranges: readonly Range[]): Awaitable<void> {
    if (this.slot === undefined || to.slot === undefined) return;
    if (lane !== LANE_OF_ALL && lane !== this.#laneOf(to.id)) return;
    const kept = this.#retention.find(context, lane, ranges, this.#now());
    const first = this.#retention.first(context, lane) ?? this.#sent.get(nameOf(context, lane)) ?? 0;
    // Whoever comes back as somebody new has no keys of before.
    const from = Math.max(first, lane === LANE_OF_ALL ? this.#allBegan(to.id, context) : 0);
    for (const { frame, sequence } of kept) {
      if (sequence < from) continue;
      if (!this.#resent.take(frame.length, this.#now())) break;
      this.#transmit(address(frame.slice(), this.slot, to.slot));
    }
    if (ranges[0]!.first < from) return this.control({ kind: 'kept', context, lane, from }, to);
  }

  /** The member left for good. */
  release(id: Bytes): void {
    const lane = this.#lanes.release(id);
    if (lane === undefined) return;
    this.#began.delete(lane);
    this.#all_began.delete(lane);
    this.#retention.forget(lane);
  }

  /** Drops what is kept for too long. */
  expire(): void {
    this.#retention.expire(this.#now());
  }

  #sealed({ frame, context, ctr }: SealedFrame, to: Destination | undefined): void {
    if (isSigned(context)) {
      const place = placeOf(ctr);
      this.#sent.set(nameOf(context, place.lane), place.sequence + 1);
      this.#retention.add({ ...place, context, frame }, this.#now());
    }
    const destination = to === undefined ? TO_ALL : to.slot;
    // Both may have changed while we sealed.
    if (this.slot === undefined || destination === undefined) return;
    this.#transmit(address(frame, this.slot, destination));
  }

  /** Where lane 0 began for a member; 0 if it was not told. */
  #allBegan(id: Bytes, context: Context): number {
    const lane = this.#lanes.get(id);
    const [control, messages] = (lane === undefined ? undefined : this.#all_began.get(lane)) ?? [0, 0];
    return context === CONTEXT.CTRL ? control : messages;
  }

  #laneOf(id: Bytes): number {
    const lane = this.#lanes.of(id);
    if (lane === undefined) throw new RangeError('There are more members than lanes');
    if (!this.#began.has(lane)) this.#began.set(lane, this.#nextOf(lane));
    return lane;
  }

  #spansOf(lane: number, [control, messages]: Numbers): Spans {
    const [next_control, next_message] = this.#nextOf(lane);
    return {
      control: { start: control, next: next_control },
      messages: { start: messages, next: next_message },
    };
  }

  #nextOf(lane: number): Numbers {
    return [this.#sealer.next(CONTEXT.CTRL, lane), this.#sealer.next(CONTEXT.MSG, lane)];
  }
}
