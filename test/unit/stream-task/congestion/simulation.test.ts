import { describe, expect, it } from 'vitest';
import { VIDEO } from '../../../../bench/slow/video.ts';
import { FRAME_CLASS } from '../../../../shared/protocol/frame.ts';
import { relayed } from '../../../support/congestion/frames.ts';
import { percentile, simulate } from '../../../support/congestion/simulation.ts';

/** Bytes per ms (kB/s) that come through, and a short way. */
const link = (rate: number, one_way = 5): Parameters<typeof simulate>[0]['link'] => ({
  rate: () => rate,
  delay: () => one_way,
  ack_after: 50,
});

/** Numbers from 0 to 1, the same in each run. */
function numbers(): () => number {
  let seed = 7;
  return () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

/** A way of 200 ms there and back, 30 ms more or less. */
const far = (): Parameters<typeof simulate>[0]['link'] => {
  const number = numbers();
  return { rate: () => 1_000, delay: () => 100 + (number() - 0.5) * 30, ack_after: 50 };
};

const pose = (source: number, id: number): Uint8Array => relayed({ class: FRAME_CLASS.POSE, source }, 60, id);

describe('a receiver behind a link, in virtual time', () => {
  it.each([
    { rate: 60, shares: [0.4, 0.2, 0.4], keyframe: 5, fps: 13, p95: 330 },
    { rate: 60, shares: [0.5, 0.2, 0.3], keyframe: 5, fps: 10, p95: 380 },
    { rate: 60, shares: [0.5, 0.2, 0.3], keyframe: 10, fps: 10, p95: 400 },
    { rate: 60, shares: [0.25, 0.25, 0.5], keyframe: 10, fps: 14, p95: 330 },
    { rate: 90, shares: [0.4, 0.2, 0.4], keyframe: 5, fps: 22, p95: 200 },
    { rate: 90, shares: [0.5, 0.2, 0.3], keyframe: 10, fps: 20, p95: 200 },
    { rate: 40, shares: [0.25, 0.25, 0.5], keyframe: 5, fps: 10, p95: 430 },
  ] as const)('gets of 800 kbit/s at $rate kB/s, layers $shares, keyframes $keyframe', (run) => {
    const { rate, shares, keyframe } = run;
    const video = { ...VIDEO, shares, keyframe };
    const result = simulate({ link: link(rate), video, seconds: 45 });
    expect(result.fps).toBeGreaterThan(run.fps);
    expect(result.p95).toBeLessThan(run.p95);
    expect(result.keyframes_asked).toBeLessThan(10);
  });

  it('does not let the age grow, however long the link is full', () => {
    const result = simulate({ link: link(60), video: VIDEO, seconds: 240 });
    expect(result.late_p95).toBeLessThan(330);
    expect(result.fps).toBeGreaterThan(13);
    const scarce = simulate({ link: link(101.5), video: VIDEO, seconds: 240 });
    expect(scarce.late_p95).toBeLessThan(200);
    expect(scarce.fps).toBeGreaterThan(27);
  });

  it('does so behind a long way, too', () => {
    const result = simulate({ link: link(60, 100), video: VIDEO, seconds: 120 });
    expect(result.late_p95).toBeLessThan(500);
    expect(result.fps).toBeGreaterThan(12);
  });

  it('bounds the age of a video that does not fit at all', () => {
    const result = simulate({ link: link(30), video: VIDEO, seconds: 120 });
    expect(result.p95).toBeLessThan(1_300);
    expect(result.keyframes_asked).toBeLessThan(35);
    expect(result.levels.at(-1)?.level).toBe(3);
  });

  it.each([5, 10])('loses nothing 200 ms away, with keyframes %i times as large as a frame', (keyframe) => {
    const every = 1_000 / 30;
    let next = 5_000;
    const result = simulate({
      link: far(),
      video: { ...VIDEO, keyframe },
      // A second sender, whose frames are keyframes now and then.
      others(now) {
        if (now < next) return undefined;
        next += every;
        const large = Math.floor(now / every) % 60 === 0;
        return relayed({ source: 2, keyframe: large }, large ? 3_333 * keyframe : 2_000);
      },
      seconds: 60,
    });
    expect(result.left_out).toEqual([0, 0, 0]);
    expect(result.levels).toEqual([]);
  });

  it.each([10, 50, 100])('loses nothing 200 ms away if it acknowledges every %i ms', (ack_every) => {
    const result = simulate({ link: { ...far(), ack_every }, video: VIDEO, seconds: 60 });
    expect(result.left_out).toEqual([0, 0, 0]);
  });

  it('takes a way that became longer for what it is after some ten seconds', () => {
    const result = simulate({
      link: { rate: () => 500, delay: (now) => (now < 20_000 ? 10 : 350), ack_after: 50 },
      video: VIDEO,
      seconds: 90,
    });
    const last = result.levels.at(-1)!;
    expect(last.level).toBe(0);
    expect(last.at).toBeLessThan(45_000);
  });

  it('comes back after a stall at a keyframe, with nothing old', () => {
    const result = simulate({
      link: { rate: (now) => (now > 20_000 && now < 30_000 ? 0 : 500), delay: () => 5, ack_after: 50 },
      video: VIDEO,
      seconds: 60,
    });
    const after = result.arrived.filter(({ at }) => at >= 30_000);
    // What went before the stall was noticed, half a second of it, arrives first.
    expect(after.filter(({ at, id }) => at - id * (1_000 / 30) > 1_000).length).toBeLessThan(20);
    expect(result.levels.map(({ level }) => level)).toContain(3);
    expect(result.levels.at(-1)?.level).toBe(0);
    expect(after.filter(({ at }) => at > 31_500).length).toBeGreaterThan(28 * 30);
  });

  it('loses nothing where the relay itself stands still for a moment', () => {
    const result = simulate({
      link: link(1_000, 50),
      video: VIDEO,
      stands: (now) => (now % 5_000 === 0 ? 900 : 0),
      seconds: 40,
    });
    expect(result.left_out).toEqual([0, 0, 0]);
  });

  it('gets the newest poses of a crowd at the pace of its link', () => {
    let id = 0;
    const sent_at: number[] = [];
    const result = simulate({
      link: link(60),
      others(now) {
        if (now % 33 !== 0) return undefined;
        return Buffer.concat(
          Array.from({ length: 100 }, (_, source) => {
            sent_at[++id] = now;
            return pose(source + 1, id);
          }),
        );
      },
      seconds: 60,
    });
    const poses = result.arrived.filter(({ class: kind, at }) => kind === FRAME_CLASS.POSE && at > 5_000);
    expect(poses.length / 55).toBeGreaterThan(350);
    const ages = poses.map(({ id, at }) => at - sent_at[id]!);
    expect(percentile(ages, 0.95)).toBeLessThan(450);
    const newest = new Map<number, number>();
    for (const { source, id } of poses) {
      expect(id).toBeGreaterThan(newest.get(source) ?? 0);
      newest.set(source, id);
    }
    const seen = poses.filter(({ at }) => at > 58_000).map(({ source }) => source);
    expect(new Set(seen).size).toBe(100);
  });

  it('gets one message a second late or not, and is never taken for slow', () => {
    const number = numbers();
    const result = simulate({
      link: { rate: () => 200, delay: () => 20 + number() * 200, ack_after: 50 },
      others: (now) =>
        now % 1_000 === 0 ? relayed({ class: FRAME_CLASS.MSG, droppable: false }, 200, now) : undefined,
      seconds: 120,
    });
    expect(result.arrived.filter(({ class: kind }) => kind === FRAME_CLASS.MSG)).toHaveLength(119);
    expect(result.levels).toEqual([]);
  });

  it('gets all if it acknowledges never, or rarely but evenly', () => {
    const never = simulate({ link: { ...link(500), ack_after: Infinity }, video: VIDEO, seconds: 20 });
    expect(never.left_out).toEqual([0, 0, 0]);
    const rarely = simulate({ link: { ...link(500), ack_after: 1_000 }, video: VIDEO, seconds: 60, warm: 5 });
    expect(rarely.fps).toBeGreaterThan(29);
  });
});
