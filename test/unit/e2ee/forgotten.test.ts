import { expect, it } from 'vitest';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import { PAST_PER_PEER } from '../../../client/src/e2ee/limits.ts';
import { SealedTown } from '../../support/sealed-room.ts';

/** Members that ada keeps keys of at most. */
const PEERS = 4;

it('who left is not brought back by what it said before, however many have left since', async () => {
  const town = new SealedTown();
  const ada = await town.make('ada', undefined, PEERS);
  const bob = await town.join('bob');
  const recorded: Bytes[] = [];
  town.meddle = (frame, from, to) => {
    if (from === bob && to === ada) recorded.push(frame.slice());
    return [frame];
  };
  town.connect(ada);
  await town.run(1_000);
  bob.say('once');
  await town.settle();
  const { slot } = bob;
  town.cut(bob, 'gone');
  await town.run(3_000);
  // Somebody with the link, to whom an identity costs nothing.
  let mallory = await town.join('mallory');
  for (let i = 0; i <= PAST_PER_PEER * PEERS; i++) {
    await town.run(50);
    mallory = await town.reload(mallory);
  }
  await town.run(3_000);
  expect(ada.standing.sealed).toEqual(['mallory']);
  ada.inbox.push({ kind: 'joined', message: { type: 'joined', client_id: 'bob', slot: slot! } });
  for (const frame of recorded) {
    ada.inbox.push({ kind: 'frame', frame: frame.slice() });
    await town.run(100);
  }
  await town.run(1_000);
  expect(ada.texts).toEqual(['bob: once']);
  expect(ada.standing).toMatchObject({ sealed: ['mallory'], securing: ['bob'] });
  const { sealed } = mallory.standing;
  expect(sealed).toEqual(['ada']);
});
