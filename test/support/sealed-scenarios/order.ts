/** Frames that come early, late, or not at all. */
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import { REORDER_MS } from '../../../client/src/e2ee/limits.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import { assertSame, assertThat } from '../check.ts';
import { posesOf } from '../sealed-resident.ts';
import type { Resident } from '../sealed-resident.ts';
import type { SealedTown } from '../sealed-town.ts';
import { assertQuiet, assertSealed, assertTalk, isKey, isOf, isSealed, townOn } from './scenes.ts';
import type { Scenario } from './scenes.ts';

const isMessage = isOf(FRAME_CLASS.MSG);
const isControl = isOf(FRAME_CLASS.CTRL);
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Frames of one member to another that were sent and did not arrive, for as long as they are such. */
function holdBack(town: SealedTown, from: Resident, to: Resident, is: (frame: Bytes) => boolean): Bytes[] {
  const held: Bytes[] = [];
  town.meddle = (frame, sender, receiver) => {
    if (sender !== from || receiver !== to || !is(frame)) return [frame];
    held.push(frame);
    return [];
  };
  return held;
}

const requestsOf = (town: SealedTown, { client_id }: Resident, from: number): number =>
  town.seen.slice(from).filter((seen) => seen.from === client_id && isControl(seen.frame)).length;

export const ORDER: Scenario[] = [
  {
    name: 'messages that overtake each other are shown in order, once, poses as they come',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const held = holdBack(town, ada, bob, isSealed);
      for (const i of range(8)) {
        ada.say(`${i}`);
        ada.say(`${i} to you`, 'bob');
        ada.pose(`${i}`);
      }
      await town.settle();
      town.meddle = (frame) => [frame];
      for (const frame of held.toReversed()) {
        town.hand(bob, frame);
        town.hand(bob, frame);
        await town.run(20);
      }
      const said = bob.texts.filter((text) => !text.endsWith('you'));
      assertSame(
        said,
        range(8).map((i) => `ada: ${i}`),
        'messages to all',
      );
      const alone = bob.texts.filter((text) => text.endsWith('you'));
      assertSame(
        alone,
        range(8).map((i) => `ada: ${i} to you`),
        'messages to bob',
      );
      assertSame(
        posesOf(bob),
        range(8)
          .toReversed()
          .map((i) => `ada: ${i}`),
        'poses',
      );
      await town.run(2_000);
      assertSame(bob.texts.length, 16, 'messages in the end');
      assertQuiet(ada, bob);
    },
  },
  {
    name: 'what a relay drops is asked for and sent again, the very same',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const dropped = holdBack(town, ada, bob, isMessage);
      ada.say('one');
      ada.say('to bob', 'bob');
      await town.settle();
      town.meddle = (frame) => [frame];
      const sent = town.seen.length;
      ada.say('two');
      await town.run(40);
      assertSame(bob.texts, [], 'what bob reads before it asks');
      await town.run(200);
      assertSame(bob.texts, ['ada: one', 'ada: two'], 'what bob reads');
      // Nothing tells of what was for bob alone before the next heartbeat.
      await town.run(10_500);
      assertSame(bob.texts, ['ada: one', 'ada: two', 'ada: to bob'], 'what bob reads in the end');
      const again = town.seen
        .slice(sent)
        .filter(({ frame }) => dropped.some((before) => sameSealed(before, frame)));
      assertSame(again.length, 2, 'frames that were sent again');
      assertQuiet(ada, bob);
    },
  },
  {
    name: 'what never comes is told to be lost after ten seconds, and no order waits longer',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      town.meddle = (frame, from) => (from === ada && isMessage(frame) && ++count <= 12 ? [] : [frame]);
      let count = 0;
      for (const i of range(3)) ada.say(`${i}`);
      await town.settle();
      count = 100;
      const sent = town.seen.length;
      const answers = (frame: Bytes, from: Resident): Bytes[] =>
        from === bob && isControl(frame) ? [] : [frame];
      town.meddle = answers;
      ada.say('3');
      await town.run(REORDER_MS - 100);
      assertSame([bob.texts, bob.troubles], [[], []], 'what bob was told before');
      await town.run(200);
      assertSame(bob.texts, ['ada: 3'], 'what bob reads');
      assertSame(bob.troubles, [{ kind: 'lost', from: 'ada', count: 3 }], 'what bob is told');
      const asked = requestsOf(town, bob, sent);
      assertThat(asked >= 10 && asked <= 14, `bob asked ${asked} times`);
      await town.run(2_000);
      assertSame(bob.texts.length, 1, 'messages in the end');
    },
  },
  {
    name: 'frames that are there before their key wait for it: sixty-four, and two seconds',
    async run(port) {
      const town = townOn(port);
      const [ada] = await town.gather('ada');
      const bob = await town.make('bob');
      const keys = holdBack(town, ada, bob, isKey);
      town.connect(bob);
      await town.run(100);
      bob.troubles.length = 0;
      const sent = town.seen.length;
      for (const i of range(70)) ada.pose(`${i}`);
      await town.run(1_500);
      const asked = requestsOf(town, bob, sent);
      assertThat(asked >= 1 && asked <= 2, `bob asked for the key ${asked} times`);
      assertThat(bob.refusals.includes('ada: no_key'), 'those that are too many were not reported');
      town.meddle = (frame) => [frame];
      town.hand(bob, keys.at(-1)!);
      await town.run(100);
      const shown = posesOf(bob);
      assertThat(shown.length >= 62 && shown.length <= 64, `bob was shown ${shown.length} poses`);
      assertSame(
        shown,
        range(shown.length).map((i) => `ada: ${i}`),
        'poses for bob',
      );
      await town.run(2_000);
      assertSealed(ada, bob);
      await assertTalk(town, ada, bob);
    },
  },
  {
    name: 'frames whose key does not come for two seconds are dropped and told of',
    async run(port) {
      const town = townOn(port);
      const [ada] = await town.gather('ada');
      const bob = await town.make('bob');
      const keys = holdBack(town, ada, bob, isKey);
      town.connect(bob);
      await town.run(100);
      ada.pose('early');
      await town.run(2_100);
      town.meddle = (frame) => [frame];
      town.hand(bob, keys.at(-1)!);
      await town.run(100);
      assertSame(posesOf(bob), [], 'poses for bob');
      assertThat(bob.refusals.includes('ada: no_key'), 'it was not reported');
      await town.run(11_000);
      assertSealed(ada, bob);
      await assertTalk(town, ada, bob);
    },
  },
  {
    name: 'two members whose new keys were both lost agree anew, though neither can read what the other asks',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, cem] = await town.gather('ada', 'bob', 'cem');
      await town.run(1_000);
      town.meddle = (frame) => (isKey(frame) ? [] : [frame]);
      await town.leave(cem);
      await town.run(2_000);
      town.meddle = (frame) => [frame];
      ada.say('can you read this?');
      bob.say('and you?');
      await town.run(5_000);
      assertSealed(ada, bob);
      assertSame([ada.texts, bob.texts], [['bob: and you?'], ['ada: can you read this?']], 'what they read');
      await assertTalk(town, ada, bob);
    },
  },
  {
    name: 'a member joins, another leaves and the keys are changed, all at once',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, cem] = await town.gather('ada', 'bob', 'cem');
      // The ten minutes of their keys are over, too.
      await town.run(599_800);
      for (const resident of [ada, bob]) {
        resident.latency = () => 30;
        resident.say('before');
      }
      const leaving = town.leave(cem);
      const dan = await town.join('dan');
      dan.latency = () => 30;
      town.cut(bob);
      town.connect(bob);
      for (let i = 0; i < 30; i++) {
        ada.say(`ada ${i}`);
        bob.say(`bob ${i}`);
        await town.run(100);
      }
      await leaving;
      const eve = await town.join('eve');
      await town.run(3_000);
      assertSealed(ada, bob, dan, eve);
      const ofBob = ['bob: before', ...range(30).map((i) => `bob: bob ${i}`)];
      const ofAda = ['ada: before', ...range(30).map((i) => `ada: ada ${i}`)];
      assertSame(ada.texts, ofBob, 'what ada reads');
      assertSame(bob.texts, ofAda, 'what bob reads');
      assertQuiet(ada, bob, dan, eve);
      for (const resident of [ada, bob, dan]) resident.latency = () => 0;
      await assertTalk(town, ada, bob, dan, eve);
    },
  },
];

/** Whether two frames are the same but for their slots. */
function sameSealed(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, at) => (at >= 2 && at < 6) || byte === other[at]);
}
