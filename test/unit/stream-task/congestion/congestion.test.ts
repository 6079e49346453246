import { beforeEach, describe, expect, it } from 'vitest';
import { FRAME_CLASS } from '../../../../shared/protocol/frame.ts';
import { Congestion } from '../../../../stream-task/congestion/congestion.ts';
import { OPCODE, serverFrame } from '../../../../stream-task/lane/server-frame.ts';
import { isFrame, relayed, shown } from '../../../support/congestion/frames.ts';

const { POSE, VIDEO, AUDIO, MSG, CTRL } = FRAME_CLASS;

describe('a receiver that cannot keep up', () => {
  let got: (number | string)[];
  let messages: number;
  let asked: string[];
  let levels: string[];
  /** Classes of the frames that were never sent. */
  let left_out: number[];
  let congestion: Congestion;
  /** What was sent to the client, its first message included. */
  let sent: number;

  /** The ids of frames that went to it, and texts. */
  const heard = (): (number | string)[] => got.splice(0);
  const pass = (now: number, ...frames: Uint8Array[]): (number | string)[] => {
    congestion.pass(Buffer.concat(frames), now);
    return heard();
  };

  /** A client whose floor is 50 ms, with one message under way since `since`. */
  function lateSince(since: number): void {
    congestion.sent(1, 100, 0);
    congestion.acked(1, 50);
    congestion.sent(1, 100, since);
    sent = 2;
  }

  beforeEach(() => {
    got = [];
    asked = [];
    levels = [];
    left_out = [];
    messages = sent = 0;
    congestion = new Congestion({
      send(frames, count) {
        messages += count;
        sent += count;
        for (const entry of shown(frames)) got.push(isFrame(entry) ? entry.id : JSON.stringify(entry));
      },
      leftOut: (frame_class) => left_out.push(frame_class),
      needKeyframe: (source, stream, now) => asked.push(`${source}/${stream} at ${now}`),
      congested: (source, level, before) => levels.push(`${source}: ${before} → ${level}`),
    });
  });

  const ALL = [
    relayed({ class: CTRL }, 20, 1),
    relayed({ class: MSG }, 20, 2),
    relayed({ class: POSE }, 20, 3),
    relayed({ class: VIDEO, layer: 2 }, 200, 4),
    relayed({ class: VIDEO, layer: 1 }, 70_000, 5),
    relayed({ class: VIDEO, layer: 0 }, 20, 6),
    relayed({ class: AUDIO }, 20, 7),
    serverFrame(OPCODE.TEXT, Buffer.from('{"type":"joined"}')),
  ];

  it.each([
    [100, [1, 2, 3, 4, 5, 6, 7, '{"type":"joined"}']],
    [101, [1, 2, 5, 6, 7, '{"type":"joined"}']],
    [161, [1, 2, 6, 7, '{"type":"joined"}']],
    [401, [1, 2, 7, '{"type":"joined"}']],
    [1_001, [1, 2, '{"type":"joined"}']],
  ])('[R58] gets, when it is %i ms late, what the thresholds leave', (late, expected) => {
    lateSince(1_000);
    expect(congestion.clear(1_050 + 99)).toBe(true);
    expect(pass(1_050 + late, ...ALL)).toEqual(expected);
    expect(messages).toBe(expected.length);
  });

  it('[R14] gets everything that is not marked droppable, however late it is', () => {
    lateSince(1_000);
    const frames = [POSE, VIDEO, AUDIO].map((kind, i) => relayed({ class: kind, droppable: false }, 20, i));
    expect(pass(60_000, ...frames)).toEqual([0, 1, 2]);
  });

  it('[R60] is never late if it does not acknowledge', () => {
    congestion.sent(1, 100, 0);
    expect(congestion.clear(1e9)).toBe(true);
    expect(pass(1e9, ...ALL)).toHaveLength(ALL.length);
  });

  it('is clear again once it has caught up, and everything goes', () => {
    lateSince(1_000);
    pass(1_155, relayed({ layer: 2 }, 100, 9));
    expect(congestion.clear(1_156)).toBe(false);
    expect(pass(1_156, relayed({ layer: 1 }, 100, 10))).toEqual([10]);
    congestion.acked(sent, 1_200);
    expect(congestion.clear(1_300)).toBe(true);
  });

  it('[R59] gets no video after layer 0 was left out, until a keyframe; which is asked for when it can take one', () => {
    lateSince(1_000);
    expect(pass(1_500, relayed({ layer: 0 }, 100, 1))).toEqual([]);
    expect(asked).toEqual([]);
    congestion.acked(sent, 1_600);
    expect(congestion.clear(1_600)).toBe(false);
    expect(pass(1_633, relayed({ layer: 0, stream: 7 }, 100, 2), relayed({ layer: 2 }, 100, 3))).toEqual([2]);
    expect(asked).toEqual(['1/0 at 1633']);
    expect(pass(1_666, relayed({ layer: 0 }, 100, 4))).toEqual([]);
    expect(pass(1_700, relayed({ keyframe: true }, 100, 5), relayed({ layer: 0 }, 100, 6))).toEqual([5, 6]);
  });

  it('[R59] gets layer 0 alone behind such a keyframe until that is acknowledged', () => {
    lateSince(1_000);
    pass(1_500, relayed({ layer: 0 }, 100, 1));
    congestion.acked(sent, 1_600);
    expect(pass(1_700, relayed({ keyframe: true }, 100, 5), relayed({ layer: 1 }, 100, 6))).toEqual([5]);
    expect(pass(1_710, relayed({ layer: 0 }, 100, 7))).toEqual([7]);
    congestion.acked(sent, 1_760);
    congestion.beat(2_000);
    heard();
    expect(pass(2_010, relayed({ layer: 0 }, 100, 8), relayed({ layer: 1 }, 100, 9))).toEqual([8, 9]);
  });

  it('[R59] gets layer 0 behind a keyframe for as much longer as that takes at 60 kB/s', () => {
    lateSince(1_000);
    congestion.acked(2, 1_050);
    pass(1_100, relayed({ keyframe: true }, 18_000, 1));
    expect(pass(1_150 + 650, relayed({ layer: 0 }, 100, 2))).toEqual([2]);
    expect(pass(1_150 + 710, relayed({ layer: 0 }, 100, 3))).toEqual([]);
  });

  it('[R59] asks less often if it cannot follow behind a keyframe', () => {
    lateSince(0);
    let now = 1_000;
    const waits: number[] = [];
    for (let round = 0; round < 6; round++) {
      pass(now, relayed({ layer: 0 }, 100, 1));
      const lost = now;
      congestion.acked(sent, (now += 20));
      const before = asked.length;
      while (asked.length === before) pass((now += 20), relayed({ layer: 0 }, 100, 1));
      waits.push(Math.round((now - lost) / 1_000));
      pass((now += 20), relayed({ keyframe: true }, 100, 2));
      now += 2_000;
    }
    expect(waits).toEqual([0, 1, 2, 4, 4, 4]);
  });

  it('[R61] gets of poses the newest of each stream of each source, as it acknowledges', () => {
    lateSince(1_000);
    const pose = (source: number, stream: number, id: number): Uint8Array =>
      relayed({ class: POSE, source, stream }, 60, id);
    expect(pass(1_200, pose(1, 0, 1), pose(1, 1, 2), pose(2, 0, 3), pose(1, 0, 4))).toEqual([]);
    expect(pass(1_233, pose(1, 1, 5), relayed({ class: MSG }, 10, 6))).toEqual([6]);
    congestion.acked(2, 1_250);
    expect(heard()).toEqual([4, 5, 3]);
    congestion.acked(sent, 1_300);
    expect(pass(1_310, pose(1, 0, 7))).toEqual([7]);
  });

  it('[R43] gets no pose behind a newer one of its stream, also if that one may not be left out', () => {
    lateSince(1_000);
    const pose = (stream: number, id: number, droppable: boolean): Uint8Array =>
      relayed({ class: POSE, stream, droppable }, 60, id);
    expect(pass(1_200, pose(0, 1, true), pose(1, 2, true), pose(0, 3, false))).toEqual([3]);
    congestion.acked(sent, 1_250);
    expect(heard()).toEqual([2]);
    expect(left_out).toEqual([POSE]);
  });

  it('[R61] gets poses no faster than it takes them', () => {
    congestion.sent(1, 100, 0);
    congestion.acked(1, 50);
    congestion.sent(100, 10_000, 1_000);
    const poses = Array.from({ length: 300 }, (_, id) => relayed({ class: POSE, source: id }, 60, id));
    expect(pass(1_190, ...poses)).toEqual([]);
    congestion.acked(11, 1_200);
    expect(heard()).toHaveLength(10);
    congestion.acked(21, 1_300);
    expect(heard()).toHaveLength(5);
  });

  it('lets poses go that wait when nothing is under way', () => {
    lateSince(1_000);
    pass(1_200, relayed({ class: POSE }, 60, 1));
    congestion.acked(2, 1_200);
    expect(heard()).toEqual([1]);
    const poses = Array.from({ length: 200 }, (_, id) => relayed({ class: POSE, source: id }, 60, id));
    pass(2_000, ...poses);
    for (let now = 2_050; now < 3_000; now += 50) {
      congestion.acked(sent, now);
      congestion.beat(now);
    }
    expect(new Set(heard()).size).toBe(200);
  });

  it('[R57] is told what was left out, once a second, and only while it takes anything', () => {
    lateSince(1_000);
    pass(1_500, relayed({ layer: 2, source: 3, stream: 4 }), relayed({ layer: 1, source: 3, stream: 4 }));
    pass(1_500, relayed({ class: POSE, source: 4 }), relayed({ class: POSE, source: 4 }));
    congestion.beat(1_500);
    expect(heard()).toEqual([]);
    congestion.acked(2, 1_600);
    congestion.acked(sent, 1_650);
    heard();
    congestion.beat(2_000);
    const [text] = heard();
    expect(JSON.parse(String(text))).toEqual({
      type: 'dropped',
      frames: [
        { slot: 3, class: 'video', stream: 4, count: 2 },
        { slot: 4, class: 'pose', stream: 0, count: 1 },
      ],
    });
    expect(left_out).toEqual([VIDEO, VIDEO, POSE]);
    pass(2_100, relayed({ layer: 2, source: 3, stream: 4 }));
    congestion.beat(2_500);
    expect(heard()).toEqual([]);
  });

  it('tells the level of each source as it worsens at once, and as it mends about a second later', () => {
    lateSince(1_000);
    pass(1_155, relayed({ layer: 2 }), relayed({ layer: 2, source: 2 }));
    pass(1_215, relayed({ layer: 1 }));
    pass(1_455, relayed({ layer: 0 }));
    expect(levels.splice(0)).toEqual(['1: 0 → 1', '2: 0 → 1', '1: 1 → 2', '1: 2 → 3']);
    congestion.acked(sent, 1_460);
    pass(1_470, relayed({ keyframe: true }));
    congestion.beat(1_500);
    expect(levels).toEqual([]);
    congestion.beat(2_000);
    congestion.beat(2_500);
    expect(levels.splice(0).sort()).toEqual(['1: 3 → 0', '2: 1 → 0']);
  });

  it('asks nothing of anybody any more once it has left', () => {
    lateSince(1_000);
    pass(1_215, relayed({ layer: 1 }), relayed({ layer: 2, source: 2 }));
    levels.splice(0);
    congestion.end(1_300);
    expect(levels.sort()).toEqual(['1: 2 → 0', '2: 1 → 0']);
  });

  it('[R61] gets no pose of a source behind the word that it has left', () => {
    lateSince(1_000);
    expect(pass(1_200, relayed({ class: POSE }, 20, 1), relayed({ class: POSE, source: 2 }, 20, 2))).toEqual(
      [],
    );
    congestion.left(1);
    congestion.acked(sent, 1_300);
    expect(heard()).toEqual([2]);
  });

  it('forgets a source that has left', () => {
    lateSince(1_000);
    pass(1_500, relayed({ layer: 0 }), relayed({ class: POSE }));
    congestion.acked(2, 1_501);
    heard();
    congestion.forget(1);
    expect(pass(1_510, relayed({ layer: 0 }, 100, 9))).toEqual([9]);
    congestion.end(1_600);
    expect(levels).toEqual(['1: 0 → 3']);
  });

  it('[R51] is not late for a time in which the relay stood still', () => {
    lateSince(1_000);
    expect(congestion.clear(11_000)).toBe(false);
    congestion.excuse(9_950, 11_000);
    expect(congestion.clear(11_000)).toBe(true);
    congestion.beat(11_000);
    expect(congestion.clear(11_200)).toBe(false);
  });

  it('loses no layer for a beat that comes before what was acknowledged meanwhile', () => {
    lateSince(1_000);
    pass(1_155, relayed({ layer: 2 }));
    congestion.acked(2, 1_160);
    congestion.sent(1, 100, 1_500);
    pass(1_510, relayed({ layer: 0 }, 100, 1), relayed({ layer: 2 }, 100, 2));
    congestion.beat(2_500);
    congestion.acked(sent + 1, 2_501);
    expect(pass(2_502, relayed({ layer: 1 }, 100, 3), relayed({ layer: 2 }, 100, 4))).toEqual([3, 4]);
  });

  it('passes frames that are no frames of ours as they are', () => {
    lateSince(1_000);
    const short = serverFrame(OPCODE.BINARY, new Uint8Array(3));
    const empty = serverFrame(OPCODE.BINARY, new Uint8Array());
    const ping = Buffer.from([0x89, 0]);
    let raw = 0;
    const all = new Congestion({
      send: (frames, count) => {
        raw += frames.length;
        messages += count;
      },
      leftOut() {},
      needKeyframe() {},
      congested() {},
    });
    all.sent(1, 100, 0);
    all.acked(1, 50);
    all.sent(1, 100, 1_000);
    all.pass(Buffer.concat([short, ping, empty]), 9_000);
    expect(raw).toBe(short.length + ping.length + empty.length);
    expect(messages).toBe(2);
  });
});
