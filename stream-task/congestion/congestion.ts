/**
 * What one receiver of a v1 room gets when it cannot keep up (rules R58 and after of docs/protocol.md). Kernel buffers hide
 * megabytes, so the sign is the age of the oldest message that it has not acknowledged. All times are of one monotonic
 * clock of the caller, ms.
 */
import { countMessages } from '../lane/server-frame.ts';
import { AckClock } from './ack-clock.ts';
import { SlowPath } from './slow-path.ts';
import { TOP_LAYER_MS } from './thresholds.ts';

export interface CongestionDeps {
  /** Whole server frames to the client, now. They must be copied where they wait. Counted here already. */
  send(frames: Uint8Array, messages: number): void;
  /** A frame of this class is not sent to the client, now or ever. */
  leftOut(frame_class: number): void;
  /** The client could take a keyframe of `stream` of the client at slot `source`. Called for each frame that is left out. */
  needKeyframe(source: number, stream: number, now: number): void;
  /** The worst that this receiver leaves out of `source`'s frames changed, from `before` to `level` (0–3; 0: nothing). */
  congested(source: number, level: number, before: number, now: number): void;
}

export class Congestion {
  readonly #deps: CongestionDeps;
  /** undefined until the client acknowledges for the first time: one that never does is never late. */
  #clock: AckClock | undefined;
  #slow: SlowPath | undefined;
  /** From then on frames have to be looked at, unless an acknowledgement comes; -Infinity: they have to anyway. */
  #slow_at = Infinity;
  /** Messages sent before the first acknowledgement, and when the first of them was. */
  #sent = 0;
  #first_at = 0;

  constructor(deps: CongestionDeps) {
    this.#deps = deps;
  }

  /**
   * Whether all may go as it is: nothing is held, no video has a gap, and the oldest message under way is young. `blind`: for
   * how long before `now` the process read nothing, ms; acknowledgements of that time may lie unread, so it does not count.
   */
  clear(now: number, blind = 0): boolean {
    return now - blind < this.#slow_at;
  }

  /** `messages` of `bytes` together went to the client as they were. */
  sent(messages: number, bytes: number, now: number): void {
    const clock = this.#clock;
    if (clock === undefined) {
      if (this.#sent === 0) this.#first_at = now;
      this.#sent += messages;
      return;
    }
    clock.sent(messages, bytes, true, now);
    if (this.#slow_at === Infinity) this.#settle();
  }

  /** The client says that it has received `count` messages on this connection, modulo 2^32. */
  acked(count: number, now: number): void {
    this.#clock ??= new AckClock(this.#sent, this.#first_at, now);
    const fresh = this.#clock.acked(count, now);
    if (fresh === 0) return;
    this.#slow?.acked(fresh, now);
    this.#settle();
  }

  /**
   * Looks at each of `frames`, whole server frames back to back, and sends, holds or leaves it out. `blind` as for
   * {@link clear}.
   */
  pass(frames: Uint8Array, now: number, blind = 0): void {
    if (this.#clock === undefined) {
      const messages = countMessages(frames);
      this.sent(messages, frames.length, now);
      return this.#deps.send(frames, messages);
    }
    this.#slow ??= new SlowPath(this.#deps, this.#clock);
    this.#slow.pass(frames, now, blind);
    this.#settle();
  }

  /** Every 500 ms or so: tells what was left out, and gives memory back. */
  beat(now: number): void {
    if (this.#clock === undefined) return;
    this.#clock.trim();
    if (this.#slow === undefined) return;
    if (!this.#slow.beat(now)) this.#slow = undefined;
    this.#settle();
  }

  /**
   * The process stood still for `ms`, until `now`: acknowledgements may lie unread, so what is under way counts as sent
   * that much later. To be called before {@link beat}.
   */
  excuse(ms: number, now: number): void {
    this.#clock?.excuse(ms, now);
    this.#settle();
  }

  /** The receiver is about to be told that a source has left, be it for good or not. */
  left(source: number): void {
    this.#slow?.left(source);
    this.#settle();
  }

  /** A source has given up its seat: its slot may be another's one day. */
  forget(source: number): void {
    this.#slow?.forget(source);
    this.#settle();
  }

  /** The connection has ended: no source is asked to do without anything for it. */
  end(now: number): void {
    this.#slow?.end(now);
    this.#slow = undefined;
    this.#clock = undefined;
    this.#slow_at = Infinity;
  }

  #settle(): void {
    const clock = this.#clock;
    if (this.#slow?.busy === true) this.#slow_at = -Infinity;
    else if (clock?.floor === undefined) this.#slow_at = Infinity;
    else this.#slow_at = clock.oldest_at + clock.floor + TOP_LAYER_MS;
  }
}
