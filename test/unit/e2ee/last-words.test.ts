/** What somebody said right before it left, or that only came then, is shown: opening takes time, the relay's word does not. */
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import { SealedTown } from '../../support/sealed-room.ts';
import { heldUp } from '../../support/watched-crypto.ts';

const isSealedMessage = (frame: Uint8Array): boolean =>
  (frame[0]! & 1) === 1 && ((frame[0]! >>> 3) & 7) === FRAME_CLASS.MSG;

describe('the last message of somebody who leaves', () => {
  it('is shown, and then the leave is told, where the relay tells of it at once', async () => {
    const town = new SealedTown({ port: heldUp(nodeCrypto, 3, () => 3) });
    const [ada, bob] = await town.gather('ada', 'bob');
    await town.run(1_000);
    const told: string[] = [];
    ada.onLeft = () => told.push(...ada.texts, 'left');
    town.onDelivered = (said, to) => {
      if (to !== ada || said.kind !== 'frame' || !isSealedMessage(said.frame)) return;
      town.tellLeft('bob', bob.slot!, 'gone');
    };
    bob.say('farewell');
    await town.run(1_000);
    expect(told).toEqual(['bob: farewell', 'left']);
    expect(ada.standing.sealed).toEqual([]);
    expect(ada.troubles).toEqual([]);
  });
});
