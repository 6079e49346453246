/** What was sent before is handed out again. */
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import { assertSame } from '../check.ts';
import { posesOf } from '../sealed-resident.ts';
import type { Resident } from '../sealed-resident.ts';
import type { SealedTown } from '../sealed-town.ts';
import {
  assertQuiet,
  assertSealed,
  assertTalk,
  isHello,
  isKey,
  isSealed,
  townOn,
  withHeader,
} from './scenes.ts';
import type { Scenario } from './scenes.ts';

/** Notes all that one member is handed of another's. */
function record(town: SealedTown, from: Resident, to: Resident): Bytes[] {
  const recorded: Bytes[] = [];
  town.meddle = (frame, sender, receiver) => {
    if (sender === from && receiver === to) recorded.push(frame.slice());
    return [frame];
  };
  return recorded;
}

async function again(town: SealedTown, to: Resident, frames: readonly Bytes[]): Promise<void> {
  for (const frame of frames) town.hand(to, frame);
  await town.run(100);
}

export const REPLAY: Scenario[] = [
  {
    name: 'poses, messages, heartbeats, HELLO and KEY are taken once',
    async run(port) {
      const town = townOn(port);
      const ada = await town.make('ada');
      const [bob] = await town.gather('bob');
      const recorded = record(town, ada, bob);
      town.connect(ada);
      await town.run(100);
      ada.pose('one');
      ada.pose('two', 'bob');
      ada.say('to all');
      ada.say('to bob', 'bob');
      await town.run(11_000);
      for (let i = 0; i < 3; i++) {
        await again(town, bob, recorded);
        await again(town, bob, recorded.toReversed());
        await town.run(1_500);
      }
      assertSame(posesOf(bob), ['ada: one', 'ada: two'], 'poses');
      assertSame(bob.texts.toSorted(), ['ada: to all', 'ada: to bob'], 'messages');
      assertQuiet(ada, bob);
      assertSealed(ada, bob);
      await assertTalk(town, ada, bob);
    },
  },
  {
    name: 'a new connection of the sender, or of the receiver, makes nothing new of what came before',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const recorded = record(town, ada, bob);
      ada.pose('one');
      ada.say('to all');
      ada.say('to bob', 'bob');
      await town.run(1_000);
      for (const returning of [ada, bob]) {
        town.cut(returning);
        await town.run(500);
        town.connect(returning);
        await town.run(1_500);
        const sealed = recorded.filter(isSealed).map((frame) => {
          return withHeader(frame, { source: ada.slot! });
        });
        await again(town, bob, sealed);
        assertSame(bob.frames.length, 3, 'frames that bob was shown');
        assertQuiet(ada, bob);
        assertSealed(ada, bob);
      }
      await assertTalk(town, ada, bob);
    },
  },
  {
    name: 'a HELLO or KEY of an earlier connection changes nothing',
    async run(port) {
      const town = townOn(port);
      const ada = await town.make('ada');
      const [bob] = await town.gather('bob');
      const recorded = record(town, ada, bob);
      town.connect(ada);
      await town.run(1_500);
      town.cut(ada);
      await town.run(100);
      town.connect(ada);
      await town.run(1_500);
      const [hello] = recorded.filter(isHello);
      const [key] = recorded.filter(isKey);
      bob.troubles.length = 0;
      await again(town, bob, [hello!]);
      await town.run(1_500);
      assertQuiet(bob);
      await again(town, bob, [key!]);
      assertSame(bob.refusals, ['ada: key'], 'what bob refuses');
      await town.run(3_000);
      assertSealed(ada, bob);
      await assertTalk(town, ada, bob);
    },
  },
  {
    name: 'a HELLO of somebody who left proves nobody',
    async run(port) {
      const town = townOn(port);
      const ada = await town.make('ada');
      const [bob] = await town.gather('bob');
      const recorded = record(town, ada, bob);
      town.connect(ada);
      await town.run(1_500);
      const slot = ada.slot!;
      await town.leave(ada);
      await town.run(3_000);
      bob.inbox.push({ kind: 'joined', message: { type: 'joined', client_id: 'ada', slot } });
      await again(town, bob, recorded);
      await town.run(10_000);
      await again(town, bob, recorded);
      assertSame(bob.standing.sealed, [], 'who is sealed');
      // It was given a key again, and perhaps still can open that.
      assertSame(bob.standing.securing, ['ada'], 'who is not sealed, and may read');
    },
  },
  {
    name: 'whoever was said to be gone and is back is shown nothing, and shows nothing, a second time',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const recorded = record(town, ada, bob);
      ada.pose('one');
      ada.say('to all');
      ada.say('to bob', 'bob');
      await town.run(500);
      await ada.channel.bye();
      await town.settle();
      town.cut(ada, 'gone');
      await town.run(3_000);
      town.connect(ada);
      await town.run(3_000);
      assertSealed(ada, bob);
      const sealed = recorded.filter(isSealed).map((frame) => withHeader(frame, { source: ada.slot! }));
      await again(town, bob, sealed);
      await town.run(3_000);
      assertSame(bob.frames.length, 3, 'frames that bob was shown');
      // Its BYE of before is among them.
      assertSealed(ada, bob);
      await assertTalk(town, ada, bob);
    },
  },
  {
    name: 'a KEY of an earlier generation is refused, and does not bring back its key',
    async run(port) {
      const town = townOn(port);
      const ada = await town.make('ada');
      const [bob, eve] = await town.gather('bob', 'eve');
      const recorded = record(town, ada, bob);
      town.connect(ada);
      await town.run(1_000);
      ada.pose('old');
      await town.run(100);
      const old = recorded.findLast(isSealed)!;
      await town.leave(eve);
      await town.run(15_000);
      ada.say('new');
      await town.run(100);
      await again(town, bob, [...recorded.filter(isKey), old]);
      assertSame(posesOf(bob), ['ada: old'], 'poses');
      assertSame(bob.texts, ['ada: new'], 'messages');
      await town.run(3_000);
      assertSealed(ada, bob);
      await assertTalk(town, ada, bob);
    },
  },
];
