/** A relay that keeps back what a member is told first: what was said to it from then on is not lost without a word. */
import { describe, expect, it } from 'vitest';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import { SealedTown } from '../../support/sealed-room.ts';

const classOf = (frame: Uint8Array): number => (frame[0]! >>> 3) & 7;
const isSealed = (frame: Uint8Array): boolean => (frame[0]! & 1) === 1;

describe('the beginning of what a member can read', () => {
  it('is told again: what a relay kept back until the key changed is asked for', async () => {
    const town = new SealedTown();
    const ada = await town.join('ada');
    await town.run(100);
    ada.onJoined = (client_id) => ada.say(`welcome, ${client_id}`);
    let keeps_back = true;
    town.meddle = (frame, from, to) =>
      keeps_back && isSealed(frame) && from === ada && to.client_id === 'bob' ? [] : [frame];
    const bob = await town.join('bob');
    await town.run(1_000);
    // Her key goes on by a step, and what is said from then on arrives.
    const carol = await town.join('carol');
    await town.run(1_000);
    keeps_back = false;
    await town.run(10_000);
    ada.say('all there?');
    await town.run(1_000);
    expect(bob.texts).toEqual(['ada: welcome, bob', 'ada: welcome, carol', 'ada: all there?']);
    expect(carol.texts).toEqual(['ada: welcome, carol', 'ada: all there?']);
    expect([...bob.troubles, ...carol.troubles]).toEqual([]);
  });

  it('is known before a member counts as sealed, and what came too early is told to be missing', async () => {
    const town = new SealedTown();
    const ada = await town.join('ada');
    await town.run(100);
    let said = 0;
    // Of control nothing arrives, and of messages not the first.
    let keeps_back = true;
    town.meddle = (frame, from, to) => {
      if (!keeps_back || !isSealed(frame) || from !== ada || to.client_id !== 'bob') return [frame];
      return classOf(frame) === FRAME_CLASS.MSG && said++ > 0 ? [frame] : [];
    };
    const bob = await town.join('bob');
    await town.run(100);
    ada.say('one');
    ada.say('two');
    await town.run(4_000);
    expect(bob.standing.securing).toEqual(['ada']);
    keeps_back = false;
    await town.run(10_000);
    expect(bob.standing.sealed).toEqual(['ada']);
    expect(bob.texts).toEqual(['ada: two']);
    expect(bob.troubles).toEqual([{ kind: 'lost', from: 'ada', count: 1 }]);
  });
});
