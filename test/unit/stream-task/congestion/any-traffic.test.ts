import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoder, VIDEO, VideoSource } from '../../../../bench/slow/video.ts';
import { FRAME_CLASS } from '../../../../shared/protocol/frame.ts';
import { Congestion } from '../../../../stream-task/congestion/congestion.ts';
import { countMessages } from '../../../../stream-task/lane/server-frame.ts';
import { isFrame, relayed, shown, type Shown } from '../../../support/congestion/frames.ts';

const { POSE, VIDEO: VIDEO_CLASS, AUDIO, MSG } = FRAME_CLASS;

type Kind = 'video' | 'pose' | 'audio' | 'message' | 'other_pose' | 'video_of_others';

type Step =
  | { do: 'frames'; kinds: Kind[] }
  | { do: 'acknowledge'; part: number }
  | { do: 'lie'; count: number }
  | { do: 'wait'; ms: number }
  | { do: 'stand_still'; ms: number }
  | { do: 'leave'; source: number };

const kind = fc.constantFrom<Kind>(
  'video',
  'video',
  'pose',
  'audio',
  'message',
  'other_pose',
  'video_of_others',
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('frames' as const),
      kinds: fc.array(kind, { maxLength: 40, size: 'max' }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('acknowledge' as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('lie' as const), count: fc.nat({ max: 0xffff_ffff }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 900 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('stand_still' as const), ms: fc.integer({ min: 1, max: 5_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('leave' as const), source: fc.integer({ min: 2, max: 4 }) }),
  },
);

/** Plays `steps` with one receiver, and gives what went to it. */
function play(steps: readonly Step[]): {
  offered: Shown[];
  got: Shown[];
  levels: Map<number, number>;
} {
  let now = 0;
  let id = 0;
  let sent = 0;
  const offered: Shown[] = [];
  const got: Shown[] = [];
  const levels = new Map<number, number>();
  const video = new VideoSource(VIDEO);
  const deliver = (frames: Uint8Array, messages: number): void => {
    expect(messages).toBe(countMessages(frames));
    sent += messages;
    for (const entry of shown(frames)) if (isFrame(entry)) got.push(entry);
  };
  const congestion = new Congestion({
    send: deliver,
    leftOut() {},
    needKeyframe: (source) => {
      if (source === 1) video.needKeyframe();
    },
    congested(source, level, before) {
      expect(levels.get(source) ?? 0).toBe(before);
      levels.set(source, level);
    },
  });
  const offer = (frames: Uint8Array): void => {
    offered.push(...shown(frames).filter(isFrame));
    if (congestion.clear(now)) {
      congestion.sent(countMessages(frames), frames.length, now);
      deliver(frames, countMessages(frames));
    } else congestion.pass(frames, now);
  };
  const frame = (kind: string): Uint8Array => {
    if (kind === 'video') {
      const { layer, keyframe, bytes } = video.next();
      return relayed({ class: VIDEO_CLASS, layer, keyframe }, bytes, ++id);
    }
    if (kind === 'pose') return relayed({ class: POSE, source: 2, stream: id % 32 }, 60, ++id);
    if (kind === 'other_pose') {
      return relayed({ class: POSE, source: 3, stream: id % 5, droppable: id % 3 > 0 }, 60, ++id);
    }
    if (kind === 'audio') return relayed({ class: AUDIO, source: 2 }, 80, ++id);
    // Of senders who mark their frames in ways of their own.
    if (kind === 'video_of_others') {
      return relayed(
        { source: 4, layer: id % 8, keyframe: id % 5 === 0, droppable: id % 3 > 0, stream: 31 },
        50,
        ++id,
      );
    }
    return relayed({ class: MSG, droppable: id % 2 === 0 }, 40, ++id);
  };
  offer(relayed({ class: MSG }, 40, ++id));
  now = 40;
  congestion.acked(1, now);
  let acked = 1;
  for (const one of steps) {
    if (one.do === 'frames') offer(Buffer.concat(one.kinds.map(frame)));
    else if (one.do === 'acknowledge')
      congestion.acked((acked += Math.floor((sent - acked) * one.part)), now);
    else if (one.do === 'lie') {
      congestion.acked(one.count, now);
      // What it said may have been believed: an honest number may be lower now.
      acked = Math.max(acked, Math.min(one.count, sent));
    } else if (one.do === 'stand_still') congestion.excuse(one.ms, (now += one.ms));
    else if (one.do === 'leave') {
      congestion.forget(one.source);
      levels.delete(one.source);
    } else {
      now += one.ms;
      congestion.beat(now);
    }
  }
  // It catches up: everything that waits goes out, and all is told to be well.
  for (let i = 0; i < 200; i++) {
    congestion.acked(sent, (now += 50));
    if (i % 10 === 9) congestion.beat(now);
  }
  congestion.end(now);
  return { offered, got, levels };
}

describe('whatever is sent, acknowledged and waited for', () => {
  it('a receiver gets what it must, in order, nothing twice, and nothing that it can make nothing of', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const { offered, got, levels } = play(steps);
        const must = (frame: Shown): boolean => !frame.droppable || frame.class === MSG;
        expect(got.filter(must).map(({ id }) => id)).toEqual(offered.filter(must).map(({ id }) => id));
        const streams = new Map<string, number>();
        for (const { class: kind, source, stream, id } of got) {
          const key = `${kind} ${source} ${stream}`;
          expect(id).toBeGreaterThan(streams.get(key) ?? 0);
          streams.set(key, id);
        }
        // Of the video that is marked as it should be, what goes can be decoded.
        const decoder = new Decoder();
        const videos = offered.filter(({ class: kind, source }) => kind === VIDEO_CLASS && source === 1);
        const there = new Set(got.map(({ id }) => id));
        const bad = references(videos).filter(({ frame, real }) => there.has(real) && !decoder.take(frame));
        expect(bad).toEqual([]);
        expect([...levels.values()].every((level) => level === 0)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('the newest pose of each stream arrives in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const { offered, got } = play(steps.filter((one) => one.do !== 'leave'));
        const newest = (frames: Shown[]): Record<string, number> =>
          Object.fromEntries(
            frames
              .filter(({ class: kind }) => kind === POSE)
              .map(({ source, stream, id }) => [`${source} ${stream}`, id]),
          );
        expect(newest(got)).toEqual(newest(offered));
      }),
      { numRuns: 80 },
    );
  });
});

/** What each frame of the video refers to, by its place in the pattern. */
function references(videos: readonly Shown[]): { frame: { id: number; refers_to: number }; real: number }[] {
  let base = 0;
  let middle = 0;
  return videos.map(({ id: real, layer, keyframe }, i) => {
    const id = i + 1;
    const refers_to = keyframe ? 0 : layer === 2 ? Math.max(base, middle) : base;
    if (layer === 0) base = id;
    if (layer < 2) middle = id;
    return { frame: { id, refers_to }, real };
  });
}
