import { beforeEach, describe, expect, it } from 'vitest';
import { RoomNotices } from '../../../../stream-task/congestion/notices.ts';
import type { Beating } from '../../../../stream-task/pulse.ts';

describe('notices of a room', () => {
  let told: string[];
  let beating: Set<Beating>;
  let notices: RoomNotices;
  const beat = (now: number): void => {
    for (const one of beating) one.beat(now, 0);
  };
  const heard = (): string[] => told.splice(0);

  beforeEach(() => {
    told = [];
    beating = new Set();
    notices = new RoomNotices({
      pulse: beating,
      tell: (slot, control) =>
        told.push(
          control.type === 'congested'
            ? `${slot}: level ${control.level} for ${control.receivers}`
            : `${slot}: keyframe of ${control.stream}`,
        ),
    });
  });

  it('[R56] asks a source for a keyframe of a stream once a second at most, whoever needs it', () => {
    notices.needKeyframe(1, 0, 0);
    notices.needKeyframe(1, 0, 10);
    notices.needKeyframe(1, 4, 20);
    notices.needKeyframe(2, 0, 30);
    notices.needKeyframe(1, 0, 999);
    notices.needKeyframe(1, 0, 1_000);
    expect(heard()).toEqual(['1: keyframe of 0', '1: keyframe of 4', '2: keyframe of 0', '1: keyframe of 0']);
  });

  it('[R56] tells a source the worst of its receivers and how many there are, once a second, the last state always', () => {
    notices.congested(1, 2, 0, 0);
    notices.congested(1, 1, 0, 100);
    notices.congested(1, 3, 1, 200);
    expect(heard()).toEqual(['1: level 2 for 1']);
    beat(500);
    expect(heard()).toEqual([]);
    beat(1_000);
    expect(heard()).toEqual(['1: level 3 for 2']);
    expect(beating.size).toBe(0);
    notices.congested(1, 0, 3, 1_100);
    notices.congested(1, 0, 2, 1_200);
    beat(2_000);
    expect(heard()).toEqual(['1: level 0 for 0']);
    expect(beating.size).toBe(0);
  });

  it('says nothing of a state that came and went within the second', () => {
    notices.congested(1, 1, 0, 0);
    notices.congested(1, 2, 1, 100);
    notices.congested(1, 1, 2, 200);
    beat(5_000);
    expect(heard()).toEqual(['1: level 1 for 1']);
    expect(beating.size).toBe(0);
  });

  it('tells a client that connects anew what it does not know', () => {
    notices.congested(1, 2, 0, 0);
    notices.connected(1, 5_000);
    notices.connected(2, 5_000);
    expect(heard()).toEqual(['1: level 2 for 1', '1: level 2 for 1']);
  });

  it('forgets a client that left, also if a receiver goes on to speak of it', () => {
    notices.congested(1, 2, 0, 0);
    notices.congested(1, 3, 2, 100);
    notices.forget(1);
    expect(beating.size).toBe(0);
    notices.congested(1, 0, 3, 2_000);
    notices.congested(1, 1, 0, 2_100);
    expect(heard()).toEqual(['1: level 2 for 1', '1: level 1 for 1']);
    notices.congested(1, 2, 1, 2_200);
    notices.end();
    expect(beating.size).toBe(0);
  });
});
