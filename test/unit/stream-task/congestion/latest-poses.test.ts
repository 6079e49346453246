import { describe, expect, it } from 'vitest';
import { LatestPoses } from '../../../../stream-task/congestion/latest-poses.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (batch: { frames: Uint8Array } | undefined): string =>
  Buffer.from(batch?.frames ?? []).toString();

describe('latest poses', () => {
  it('keeps the newest of each key, in the order in which they began to wait', () => {
    const poses = new LatestPoses();
    const left: number[] = [];
    for (const [key, pose] of [
      [1, 'a1'],
      [2, 'b1'],
      [1, 'a2'],
      [3, 'c1'],
      [1, 'a3'],
    ] as const) {
      poses.hold(key, bytes(pose), (key) => left.push(key));
    }
    expect(left).toEqual([1, 1]);
    expect(poses.size).toBe(3);
    expect(text(poses.release(2))).toBe('a3b1');
    expect(text(poses.release(2))).toBe('c1');
    expect(poses.release(2)).toBeUndefined();
  });

  it('copies what it keeps: the log behind it is used again', () => {
    const poses = new LatestPoses();
    const frame = bytes('pose');
    poses.hold(1, frame, () => {});
    frame.fill(0);
    expect(text(poses.release(1))).toBe('pose');
  });

  it('holds no more than 256 KiB: the oldest go first, and are counted', () => {
    const poses = new LatestPoses();
    const left: number[] = [];
    for (let key = 0; key < 500; key++) poses.hold(key, new Uint8Array(60_000), (key) => left.push(key));
    expect(poses.size).toBe(4);
    expect(left).toEqual(Array.from({ length: 496 }, (_, key) => key));
    for (let key = 0; key < 498; key++) poses.forget(key);
    expect(poses.size).toBe(2);
  });

  it('lets go of one at least, and of a few kilobytes at once', () => {
    const poses = new LatestPoses();
    for (let key = 0; key < 3; key++) poses.hold(key, new Uint8Array(20_000), () => {});
    expect(poses.release(100)?.messages).toBe(1);
    for (let key = 3; key < 103; key++) poses.hold(key, new Uint8Array(100), () => {});
    poses.release(1);
    poses.release(1);
    expect(poses.release(100)?.messages).toBe(81);
  });
});
