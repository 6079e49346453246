/** Whoever is no member, not yet or not any more, or is hidden from others. */
import { FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import { assertSame, assertThat } from '../check.ts';
import { posesOf } from '../sealed-resident.ts';
import { assertQuiet, assertSealed, assertTalk, isOf, isSealed, townOn, withHeader } from './scenes.ts';
import type { Scenario } from './scenes.ts';

/** Of another link. */
const OTHER_SECRET = new Uint8Array(32).fill(8);

export const OUTSIDERS: Scenario[] = [
  {
    name: 'who has a ticket and no link reads nothing, and is shown as not sealed; the others go on',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const eve = await town.join('eve', OTHER_SECRET);
      ada.say('not for eve');
      ada.pose('not for eve');
      await town.run(6_000);
      assertSame(
        ada.standing,
        { sealed: ['bob'], securing: [], unsealed: ['eve'], disagreeing: [] },
        'how ada stands',
      );
      assertSame(bob.standing.unsealed, ['eve'], 'who is not sealed for bob');
      assertSame(
        [ada.joined, ada.texts, bob.joined],
        [['bob', 'eve'], [], ['eve']],
        'who came, and what was said',
      );
      assertThat(ada.refusals.includes('eve: hello'), 'its HELLO was not refused');
      ada.say('to eve alone', 'eve');
      eve.say('from outside');
      eve.pose('from outside');
      await town.run(6_000);
      assertSame([eve.frames, eve.opened], [[], []], 'what eve read');
      assertSame([ada.frames, bob.texts], [[], ['ada: not for eve']], 'what ada and bob were shown');
      assertThat(
        ada.troubles.some(({ kind }) => kind === 'not_sent'),
        'ada was not told that eve holds no keys',
      );
      assertThat(ada.refusals.includes('eve: no_key'), 'frames of eve’s were not refused');
      ada.troubles.length = 0;
      bob.troubles.length = 0;
      const [cem] = await town.gather('cem');
      await town.run(6_000);
      assertSame(cem.standing.sealed.toSorted(), ['ada', 'bob'], 'who is sealed for cem');
      await assertTalk(town, ada, bob, cem);
    },
  },
  {
    name: 'who left reads nothing from two seconds later, with all that the relay can hand it',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
      ada.say('before');
      await town.run(100);
      town.expel(eve);
      await town.run(1_600);
      for (const resident of [ada, bob]) {
        resident.say('secret');
        resident.pose('secret');
      }
      await town.run(1_000);
      for (const { frame } of town.seen) town.hand(eve, withHeader(frame, { destination: eve.slot! }));
      for (const { frame } of town.seen) town.hand(eve, withHeader(frame, { destination: TO_ALL }));
      await town.run(3_000);
      assertThat(eve.hasOpened('before'), 'eve read nothing before, either');
      assertThat(!eve.hasOpened('secret'), 'eve read what was said when it had left');
      assertSame([ada.texts.length, bob.texts.length], [1, 2], 'messages of ada and bob');
      assertSealed(ada, bob);
      assertQuiet(ada, bob);
    },
  },
  {
    name: 'who comes late reads nothing from before, with all that the relay has kept',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, cem] = await town.gather('ada', 'bob', 'cem');
      const speak = async (): Promise<void> => {
        for (const resident of [ada, bob]) {
          resident.say('secret');
          resident.pose('secret');
        }
        await town.run(100);
      };
      await speak();
      // And with the key after.
      await town.leave(cem);
      await town.run(2_000);
      await speak();
      const before = town.seen.map(({ frame }) => frame);
      const [eve] = await town.gather('eve');
      await town.run(1_000);
      assertSealed(ada, bob, eve);
      for (const frame of before) town.hand(eve, frame);
      for (const frame of before) town.hand(eve, withHeader(frame, { destination: eve.slot! }));
      await town.run(3_000);
      assertThat(!eve.hasOpened('secret'), 'eve read what was said before it came');
      assertSame(eve.frames, [], 'what eve was shown');
      await assertTalk(town, ada, bob, eve);
    },
  },
  {
    name: 'more members than there is room for are not taken in; the others go on',
    async run(port) {
      const town = townOn(port);
      const ada = await town.join('ada', undefined, 2);
      const [bob, cem, eve] = await town.gather('bob', 'cem', 'eve');
      await town.run(6_000);
      assertSame(
        ada.standing,
        { sealed: ['bob', 'cem'], securing: [], unsealed: ['eve'], disagreeing: [] },
        'ada',
      );
      assertThat(ada.refusals.includes('eve: full'), 'ada was not told why');
      ada.say('for two');
      await town.run(100);
      assertSame(
        [bob.texts, cem.texts, eve.texts],
        [['ada: for two'], ['ada: for two'], []],
        'what they read',
      );
      await town.leave(cem);
      await town.run(20_000);
      assertSealed(ada, bob, eve);
    },
  },
  {
    name: 'members that a relay hides from each other are told by those who see both',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const eve = await town.make('eve');
      const between = (one: string, other: string): boolean => [one, other].toSorted().join() === 'bob,eve';
      town.meddle = (frame, from, to) => (between(from.client_id, to.client_id) ? [] : [frame]);
      town.lie = (said, to) => {
        if (said.kind === 'frame') return [said];
        if (said.kind !== 'welcome') return between(said.message.client_id, to.client_id) ? [] : [said];
        const clients = said.welcome.clients.filter(({ client_id }) => !between(client_id, to.client_id));
        return [{ kind: 'welcome', welcome: { ...said.welcome, clients } }];
      };
      town.connect(eve);
      await town.run(20_000);
      assertSame(ada.standing.sealed, ['bob', 'eve'], 'who is sealed for ada');
      await town.run(20_000);
      assertSame(ada.standing.disagreeing, ['bob', 'eve'], 'who disagrees with ada');
      assertSame(
        [bob.standing.disagreeing, eve.standing.disagreeing],
        [['ada'], ['ada']],
        'who with bob and eve',
      );
      const numbers = [ada.channel.safetyNumber(), bob.channel.safetyNumber()];
      assertSame(new Set(await Promise.all(numbers)).size, 2, 'safety numbers');
    },
  },
  {
    name: 'a flood of frames that do not open is counted, and kept only so far',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      ada.pose('one');
      await town.run(100);
      const pose = town.seen.findLast(({ frame }) => isOf(FRAME_CLASS.POSE)(frame))!.frame;
      // Of generations that nobody knows.
      const flood = 5_000;
      for (let i = 0; i < flood; i++) {
        const frame = new Uint8Array(pose.length + 3);
        frame.set(pose.subarray(0, 6));
        frame.set([0xb0, 1, (i >> 8) & 0xff, (i & 0x80) | 2, 0], 6);
        town.hand(bob, frame);
      }
      const sent = town.seen.length;
      await town.run(4_000);
      const counted = bob.troubles.reduce(
        (sum, trouble) => sum + ('count' in trouble ? trouble.count : 0),
        0,
      );
      assertSame(counted, flood, 'frames that were reported');
      assertThat(bob.troubles.length <= 10, `there were ${bob.troubles.length} reports`);
      const requests = town.seen.slice(sent).filter(({ from, frame }) => from === 'bob' && isSealed(frame));
      assertThat(requests.length <= 6, `bob sent ${requests.length} frames for it`);
      assertSame(posesOf(bob), ['ada: one'], 'poses');
      await assertTalk(town, ada, bob);
    },
  },
];
