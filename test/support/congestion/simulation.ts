import {
  FRAME_MS,
  Decoder,
  VideoSource,
  type VideoFrame,
  type VideoPlan,
} from '../../../bench/slow/video.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import { Congestion } from '../../../stream-task/congestion/congestion.ts';
import { countMessages } from '../../../stream-task/lane/server-frame.ts';
import { isFrame, relayed, shown } from './frames.ts';
import { Link, type LinkPlan } from './link.ts';

export interface SimulationPlan {
  link: LinkPlan;
  video?: VideoPlan;
  /** Other frames that are offered each ms: server frames back to back. */
  others?: (now: number) => Uint8Array | undefined;
  seconds: number;
  /** The first so many seconds count in nothing. */
  warm?: number;
  /** Each tick the relay stands still for so many ms: it neither reads nor sends. */
  stands?: (now: number) => number;
}

export interface SimulationResult {
  /** Decodable frames a second. */
  fps: number;
  /** Age of video at its arrival, ms. */
  p50: number;
  p95: number;
  worst: number;
  /** Frames of video left out, by layer. */
  left_out: number[];
  keyframes_asked: number;
  /** Age at arrival, in the last quarter. */
  late_p95: number;
  arrived: { id: number; class: number; source: number; stream: number; at: number }[];
  levels: { at: number; level: number }[];
  reports: Record<string, unknown>[];
}

interface OnWay {
  video: VideoFrame | undefined;
  sent_at: number;
  entry: ReturnType<typeof shown>[number];
}

export const percentile = (values: number[], part: number): number =>
  values.length === 0 ? NaN : values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)]!;

/** Plays a sender, a relay and one receiver in virtual time. */
export function simulate(plan: SimulationPlan): SimulationResult {
  const { seconds, warm = 3 } = plan;
  let now = 0;
  let asked = 0;
  let last_asked = -Infinity;
  let keyframe_at = Infinity;
  const video = plan.video === undefined ? undefined : new VideoSource(plan.video);
  const made = new Map<number, { frame: VideoFrame; at: number }>();
  const levels: SimulationResult['levels'] = [];
  const reports: Record<string, unknown>[] = [];
  const acks: { count: number; at: number }[] = [];
  let standing_until = 0;
  const link = new Link<OnWay>(plan.link, (count, at) => {
    if (now < standing_until) acks.push({ count, at });
    else congestion.acked(count, at);
  });
  const deliver = (frames: Uint8Array): void => {
    for (const entry of shown(frames)) {
      const about = isFrame(entry) && entry.class === FRAME_CLASS.VIDEO ? made.get(entry.id) : undefined;
      const bytes = isFrame(entry) ? entry.bytes : JSON.stringify(entry).length + 4;
      link.send({ video: about?.frame, sent_at: about?.at ?? now, entry }, bytes);
    }
  };
  const congestion = new Congestion({
    send: deliver,
    leftOut() {},
    needKeyframe() {
      if (now - last_asked < 1_000) return;
      last_asked = now;
      asked++;
      keyframe_at = now + 50;
    },
    congested: (_source, level, _before, at) => levels.push({ at, level }),
  });
  const offer = (frames: Uint8Array): void => {
    const blind = Math.max(0, now - read_at - 50);
    if (congestion.clear(now, blind)) {
      congestion.sent(countMessages(frames), frames.length, now);
      deliver(frames);
    } else congestion.pass(frames, now, blind);
  };
  let read_at = 0;
  const waiting: Uint8Array[] = [];
  offer(serverHello());
  let frame_at = 200;
  for (now = 1; now <= seconds * 1_000; now++) {
    link.step(now);
    const stands = plan.stands?.(now) ?? 0;
    if (stands > 0) standing_until = now + stands;
    if (now >= frame_at && video !== undefined) {
      if (now >= keyframe_at) {
        keyframe_at = Infinity;
        video.needKeyframe();
      }
      const frame = video.next();
      made.set(frame.id, { frame, at: now });
      const { layer, keyframe, bytes, id } = frame;
      waiting.push(relayed({ layer, keyframe }, bytes, id));
      frame_at += FRAME_MS;
    }
    const others = plan.others?.(now);
    if (others !== undefined) waiting.push(others);
    if (now < standing_until) continue;
    // What the sender sent is read before the acknowledgements that came meanwhile, as it may be.
    for (const frames of waiting.splice(0)) offer(frames);
    for (const { count } of acks.splice(0)) congestion.acked(count, now);
    read_at = now;
    if (now % 500 === 0) congestion.beat(now);
  }
  return measured(link, { seconds, warm, asked, made, levels, reports });
}

function measured(
  link: Link<OnWay>,
  run: {
    seconds: number;
    warm: number;
    asked: number;
    made: Map<number, { frame: VideoFrame; at: number }>;
    levels: SimulationResult['levels'];
    reports: Record<string, unknown>[];
  },
): SimulationResult {
  const { seconds, warm, asked, made, levels, reports } = run;
  const decoder = new Decoder();
  const ages: number[] = [];
  const late: number[] = [];
  const arrived: SimulationResult['arrived'] = [];
  const there = new Set<number>();
  let decoded = 0;
  for (const { message, at } of link.arrived) {
    const { entry, video, sent_at } = message;
    if (!isFrame(entry)) {
      if (entry['type'] === 'dropped') reports.push(entry);
      continue;
    }
    arrived.push({ id: entry.id, class: entry.class, source: entry.source, stream: entry.stream, at });
    if (video === undefined) continue;
    there.add(video.id);
    const good = decoder.take(video);
    if (at < warm * 1_000) continue;
    ages.push(at - sent_at);
    if (at > seconds * 750) late.push(at - sent_at);
    if (good) decoded++;
  }
  const left_out = [0, 0, 0];
  for (const { frame, at } of made.values()) {
    if (at < (seconds - 3) * 1_000 && !there.has(frame.id)) left_out[frame.layer]!++;
  }
  return {
    fps: decoded / (seconds - warm),
    p50: percentile(ages, 0.5),
    p95: percentile(ages, 0.95),
    worst: Math.max(0, ...ages),
    late_p95: percentile(late, 0.95),
    left_out,
    keyframes_asked: asked,
    arrived,
    levels,
    reports,
  };
}

/** In the place of a welcome: the first message, which is the first to be acknowledged. */
function serverHello(): Uint8Array {
  return relayed({ class: FRAME_CLASS.CTRL, droppable: false }, 300, 0);
}
