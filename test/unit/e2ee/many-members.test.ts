/** Rooms of more members than a key has steps. */
import { describe, expect, it } from 'vitest';
import { FRAME_CLASS, HEADER_BYTES } from '../../../shared/protocol/frame.ts';
import { SealedTown } from '../../support/sealed-room.ts';

const MEMBERS = 18;

const isKey = (frame: Uint8Array): boolean => frame[0] === 0x40 && frame[HEADER_BYTES] === 2;
const isHello = (frame: Uint8Array): boolean => frame[0] === 0x40 && frame[HEADER_BYTES] === 1;
const isPose = (frame: Uint8Array): boolean => ((frame[0]! >>> 3) & 7) === FRAME_CLASS.POSE;
/** First two bytes of the SFrame header: KID stands in there. */
const kidOf = (frame: Uint8Array): string => frame.slice(HEADER_BYTES, HEADER_BYTES + 2).join();

describe('a room of many members', () => {
  it('that is silent takes two KEYs for each pair, and no step of any key', async () => {
    const town = new SealedTown();
    for (let i = 1; i <= MEMBERS; i++) {
      const seen = town.seen.length;
      await town.join(`member ${i}`);
      await town.run(600);
      const keys = town.seen.slice(seen).filter(({ frame }) => isKey(frame));
      expect(keys, `join ${i}`).toHaveLength(2 * (i - 1));
    }
    for (const member of town.residents) member.pose('here');
    await town.run(100);
    const poses = town.seen.filter(({ frame }) => isPose(frame));
    expect(poses).toHaveLength(MEMBERS);
    // Context 2 of the first step of the first generation: a KID below 8 stands in the first byte, as each CTR does.
    expect(poses.map(({ frame }) => frame[HEADER_BYTES])).toEqual(poses.map(() => 0x20));
    for (const member of town.residents) {
      expect(member.standing.sealed).toHaveLength(MEMBERS - 1);
      expect(member.frames).toHaveLength(MEMBERS - 1);
      expect(member.troubles).toEqual([]);
    }
  });

  it('that talk hears everybody while they come, beyond the last step of a key', async () => {
    const town = new SealedTown();
    for (let i = 1; i <= MEMBERS; i++) {
      await town.join(`member ${i}`);
      await town.run(600);
      for (const member of town.residents) member.pose(`with ${i}`);
      await town.run(100);
    }
    await town.run(1_000);
    const kids = new Set(town.seen.filter(({ frame }) => isPose(frame)).map(({ frame }) => kidOf(frame)));
    expect(kids.size).toBeGreaterThan(16);
    town.residents.forEach((member, index) => {
      expect(member.troubles).toEqual([]);
      // All others, at its own join and at each later one.
      let poses = 0;
      for (let there = index + 1; there <= MEMBERS; there++) poses += there - 1;
      expect(member.frames).toHaveLength(poses);
    });
  });
});

describe('a key that is changed while its owner is new', () => {
  it('is given to who has the last one, though the other’s KEY is still on its way', async () => {
    const town = new SealedTown();
    const [ada, bob] = await town.gather('ada', 'bob');
    const carol = await town.make('carol');
    town.meddle = (frame, from, to) =>
      from === ada && to === carol && !isHello(frame) ? [{ frame, after: 2_000 }] : [frame];
    town.connect(carol);
    await town.run(100);
    // Carol changes her key for him a second and a half later, while Ada has not answered yet.
    await town.leave(bob);
    await town.run(3_000);
    expect(carol.standing.sealed).toEqual(['ada']);
    const seen = town.seen.length;
    carol.pose('hello');
    await town.run(50);
    expect(ada.frames).toHaveLength(1);
    // She did not have to ask.
    expect(town.seen.slice(seen).filter(({ from }) => from === 'ada')).toEqual([]);
    expect([...ada.troubles, ...carol.troubles]).toEqual([]);
  });
});
