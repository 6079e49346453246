import type { Alive, Dropped } from '../../shared/protocol/control.ts';
import { FRAME_CLASS, HEADER_BYTES } from '../../shared/protocol/frame.ts';
import { headerBytesAt, OPCODE, opcodeAt, payloadBytesAt, serverFrame } from '../lane/server-frame.ts';
import type { AckClock } from './ack-clock.ts';
import { KeyframeGrace } from './keyframe-grace.ts';
import { KeyframeNeed } from './keyframe-need.ts';
import { LatestPoses } from './latest-poses.ts';
import { LeftOut } from './left-out.ts';
import { Probe } from './probe.ts';
import { SlowSource } from './slow-source.ts';
import { AUDIO_MS, BASE_LAYER_MS, MIDDLE_LAYER_MS, TOP_LAYER_MS } from './thresholds.ts';
import type { CongestionDeps } from './congestion.ts';

/** Poses that may follow an acknowledgement of a receiver that is not late any more, besides as many as it confirms. */
const MORE_POSES = 8;
const STREAMS = 32;
const ALL_LAYERS = 7;

/** What is kept of a receiver that is late, or was a moment ago, and what it gets. */
export class SlowPath {
  readonly #deps: CongestionDeps;
  readonly #clock: AckClock;
  readonly #sources = new Map<number, SlowSource>();
  readonly #poses = new LatestPoses();
  readonly #left_out = new LeftOut();
  readonly #probe = new Probe();
  readonly #keyframes = new KeyframeNeed();
  /** Streams of video that have a gap, of all sources. */
  #gaps = 0;
  readonly #grace = new KeyframeGrace();
  /** As of the present slice. */
  #now = 0;
  #excess = 0;
  /** The highest layer of video that the receiver gets; -1 for none. */
  #top = ALL_LAYERS;
  #raised_at = -Infinity;

  constructor(deps: CongestionDeps, clock: AckClock) {
    this.#deps = deps;
    this.#clock = clock;
  }

  /** Whether each frame has to be looked at, however young the oldest message under way is. */
  get busy(): boolean {
    return this.#top < ALL_LAYERS || this.#gaps > 0 || this.#poses.size > 0 || this.#probe.stage !== 'none';
  }

  /** Sends of `frames` what the receiver can take now. */
  pass(frames: Uint8Array, now: number, blind: number): void {
    this.#look(now, blind);
    let from = 0;
    let messages = 0;
    let weighty = false;
    for (let at = 0; at < frames.length;) {
      const header = headerBytesAt(frames, at);
      const end = at + header + payloadBytesAt(frames, at);
      const verdict = this.#verdict(frames, at, at + header, end);
      if (verdict === 'leave_out') {
        this.#send(frames.subarray(from, at), messages, weighty);
        from = end;
        messages = 0;
        weighty = false;
      } else {
        if (opcodeAt(frames, at) <= OPCODE.BINARY) messages++;
        weighty ||= verdict === 'weighty';
      }
      at = end;
    }
    this.#send(frames.subarray(from), messages, weighty);
  }

  /** The receiver acknowledged `fresh` more messages. */
  acked(fresh: number, now: number): void {
    this.#look(now);
    this.#release(fresh);
  }

  /** Every now and then. True while there is anything to keep. */
  beat(now: number): boolean {
    const before = this.#top;
    this.#look(now);
    // Timers run before what came meanwhile is read: where the process was held up, acknowledgements may lie there.
    this.#top = Math.max(this.#top, before);
    // Nothing under way, so no acknowledgement will come that could let them go.
    if (this.#clock.under_way === 0) this.#release(0);
    for (const [source, state] of this.#sources) {
      this.#level(source, state, state.beat());
      if (state.idle) this.#sources.delete(source);
    }
    // What was left out is not told to one who takes nothing: that would fill its budget by itself.
    const report = this.#excess <= MIDDLE_LAYER_MS ? this.#left_out.report(now) : undefined;
    if (report !== undefined) this.#tell({ type: 'dropped', frames: report });
    return this.busy || this.#sources.size > 0 || !this.#left_out.empty || this.#grace.lasts;
  }

  /** A source has left for good. */
  forget(source: number): void {
    const state = this.#sources.get(source);
    if (state !== undefined) this.#gaps -= state.video.gaps;
    this.#sources.delete(source);
    this.left(source);
    this.#left_out.forget(source);
  }

  /** A source is not connected any more, here: none of its poses may come behind that. */
  left(source: number): void {
    for (let stream = 0; stream < STREAMS; stream++) this.#poses.forget(source * STREAMS + stream);
  }

  /** The receiver itself has left: nothing is left out for it any more. */
  end(now: number): void {
    this.#now = now;
    for (const [source, state] of this.#sources) this.#level(source, state, 0);
  }

  #look(now: number, blind = 0): void {
    this.#now = now;
    this.#excess = Math.max(0, this.#clock.excess(now) - blind);
    if (this.#probe.step(this.#clock, this.#excess > TOP_LAYER_MS, now)) this.#tell({ type: 'alive' });
    this.#grace.step(this.#clock, this.#excess, now);
    const top = this.#topLayer();
    if (top > this.#top) {
      // What one more layer does is not seen before it has been acknowledged.
      if (now - this.#raised_at < (this.#clock.floor ?? 0)) return;
      this.#raised_at = now;
      this.#top = this.#top < 1 ? this.#top + 1 : ALL_LAYERS;
    } else this.#top = top;
  }

  /** The highest layer of video that the receiver can take now; -1 for none. */
  #topLayer(): number {
    const { stage } = this.#probe;
    if (stage === 'silent' || this.#excess > this.#grace.base_layer_ms) return -1;
    if (stage === 'thin' || this.#grace.base_only || this.#excess > MIDDLE_LAYER_MS) return 0;
    return this.#excess > TOP_LAYER_MS ? 1 : ALL_LAYERS;
  }

  /** `weighty`: it goes, and many such may fill a queue. */
  #verdict(frames: Uint8Array, at: number, payload: number, end: number): 'leave_out' | 'pass' | 'weighty' {
    if (opcodeAt(frames, at) !== OPCODE.BINARY || end - payload < HEADER_BYTES) return 'pass';
    const first = frames[payload]!;
    const second = frames[payload + 1]!;
    const source = (frames[payload + 2]! << 8) | frames[payload + 3]!;
    const stream = second & 31;
    const droppable = (first & 4) !== 0;
    switch ((first >>> 3) & 7) {
      case FRAME_CLASS.POSE: {
        const key = source * STREAMS + stream;
        if (!droppable) {
          // An older one must not come behind it.
          if (this.#poses.forget(key)) this.#leftPose(key);
          return 'pass';
        }
        if (this.#excess <= TOP_LAYER_MS && this.#poses.size === 0 && this.#probe.stage !== 'silent') {
          return 'weighty';
        }
        this.#poses.hold(key, frames.subarray(at, end), this.#leftPose);
        return 'leave_out';
      }
      case FRAME_CLASS.VIDEO:
        return this.#video(source, stream, second >>> 5, (first & 2) !== 0, droppable, end - at);
      case FRAME_CLASS.AUDIO:
        if (!droppable || this.#excess <= AUDIO_MS) return 'pass';
        this.#leaveOut(source, FRAME_CLASS.AUDIO, stream);
        this.#worse(source, this.#stateOf(source), 3);
        return 'leave_out';
      default:
        return 'pass';
    }
  }

  readonly #leftPose = (key: number): void => {
    const source = Math.floor(key / STREAMS);
    this.#leaveOut(source, FRAME_CLASS.POSE, key % STREAMS);
    this.#worse(source, this.#stateOf(source), 1);
  };

  #video(
    source: number,
    stream: number,
    layer: number,
    keyframe: boolean,
    droppable: boolean,
    bytes: number,
  ): 'leave_out' | 'pass' | 'weighty' {
    const known = this.#sources.get(source);
    if (!droppable || (known === undefined && layer <= this.#top)) {
      if (known !== undefined) {
        const gaps = known.video.gaps;
        known.video.passed(stream, layer, keyframe);
        this.#gaps += known.video.gaps - gaps;
      }
      if (keyframe && layer === 0) this.#grace.keyframe(this.#clock.last_sent, bytes, false, this.#now);
      return droppable ? 'weighty' : 'pass';
    }
    const state = known ?? this.#stateOf(source);
    const { video } = state;
    const { gaps } = video;
    const awaited = video.awaits(stream);
    const room = this.#excess <= BASE_LAYER_MS && this.#probe.stage !== 'silent';
    const verdict = video.decide(stream, layer, keyframe, this.#top, room);
    this.#gaps += video.gaps - gaps;
    if (verdict === 'pass') {
      if (awaited) this.#keyframes.regained(this.#now);
      if (keyframe && layer === 0) {
        this.#grace.keyframe(this.#clock.last_sent, bytes, awaited, this.#now);
        this.#top = this.#topLayer();
      }
      return 'weighty';
    }
    if (verdict === 'await_keyframe') {
      if (!awaited) this.#keyframes.lost(this.#now);
      const ready = this.#excess <= TOP_LAYER_MS && this.#probe.stage !== 'silent';
      if (ready && this.#keyframes.mayAsk(this.#now)) this.#deps.needKeyframe(source, stream, this.#now);
    }
    this.#leaveOut(source, FRAME_CLASS.VIDEO, stream);
    this.#worse(source, state, video.severity(stream));
    return 'leave_out';
  }

  #leaveOut(source: number, frame_class: number, stream: number): void {
    this.#left_out.count(source, frame_class, stream);
    this.#deps.leftOut(frame_class);
  }

  /** Poses go at the pace at which the receiver confirms: as many as it took, half of it while it is very late. */
  #release(fresh: number): void {
    if (this.#poses.size === 0 || this.#probe.stage === 'silent') return;
    const excess = this.#excess;
    const most =
      excess > MIDDLE_LAYER_MS
        ? Math.max(1, fresh >>> 1)
        : excess > TOP_LAYER_MS
          ? fresh
          : fresh + MORE_POSES;
    const batch = this.#poses.release(most);
    if (batch !== undefined) this.#send(batch.frames, batch.messages, true);
  }

  #tell(control: Dropped | Alive): void {
    this.#send(serverFrame(OPCODE.TEXT, Buffer.from(JSON.stringify(control))), 1, false);
  }

  #send(frames: Uint8Array, messages: number, weighty: boolean): void {
    if (frames.length === 0) return;
    this.#clock.sent(messages, frames.length, weighty, this.#now);
    this.#deps.send(frames, messages);
  }

  #stateOf(source: number): SlowSource {
    let state = this.#sources.get(source);
    if (state === undefined) {
      state = new SlowSource();
      this.#sources.set(source, state);
    }
    return state;
  }

  #worse(source: number, state: SlowSource, severity: number): void {
    this.#level(source, state, state.worse(severity));
  }

  #level(source: number, state: SlowSource, level: number): void {
    const before = state.level;
    if (level === before) return;
    state.level = level;
    this.#deps.congested(source, level, before, this.#now);
  }
}
