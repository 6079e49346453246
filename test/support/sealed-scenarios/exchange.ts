/** Sealed rooms when nobody means harm. */
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import { assertSame, assertThat } from '../check.ts';
import { posesOf } from '../sealed-resident.ts';
import type { Resident } from '../sealed-resident.ts';
import { assertQuiet, assertSealed, assertTalk, isKey, isSealed, keyOf, latest, townOn } from './scenes.ts';
import type { Scenario } from './scenes.ts';

export const EXCHANGE: Scenario[] = [
  {
    name: 'three exchange messages and poses, to all and to one',
    async run(port) {
      const town = townOn(port);
      const ada = await town.join('ada');
      await town.run(100);
      assertSame(ada.secured.length, 1, 'how often ada was let in alone');
      const bob = await town.join('bob');
      await town.run(100);
      assertSame(
        bob.secured[0]?.clients.map(({ client_id }) => client_id),
        ['ada'],
        'who is there for bob',
      );
      const eve = await town.join('eve');
      await town.run(100);
      assertSame(ada.joined, ['bob', 'eve'], 'who came for ada');
      assertSealed(ada, bob, eve);
      ada.say('hello');
      bob.say('to eve', 'eve');
      eve.pose('here');
      eve.pose('to ada', 'ada');
      await town.run(100);
      assertSame(bob.texts, ['ada: hello'], 'what bob reads');
      assertSame(eve.texts, ['ada: hello', 'bob: to eve'], 'what eve reads');
      assertSame(posesOf(ada), ['eve: here', 'eve: to ada'], 'poses for ada');
      assertSame(posesOf(bob), ['eve: here'], 'poses for bob');
      assertSame(
        eve.frames.map(({ unicast }) => unicast),
        [false, true],
        'what was for eve alone',
      );
      await town.run(60_000);
      assertQuiet(ada, bob, eve);
      assertSealed(ada, bob, eve);
      assertSame(ada.frames.length, 2, 'frames that ada was shown');
    },
  },
  {
    name: 'each field of the header that is sealed arrives as it was sent',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const fields = {
        class: FRAME_CLASS.VIDEO,
        stream: 31,
        layer: 5,
        droppable: true,
        keyframe: true,
      } as const;
      ada.channel.send({ ...fields, payload: Uint8Array.of(1, 2), to: undefined });
      ada.channel.send({ ...fields, class: FRAME_CLASS.AUDIO, payload: new Uint8Array(0), to: 'bob' });
      await town.run(10);
      assertSame(
        bob.frames,
        [
          { from: 'ada', ...fields, unicast: false, payload: Uint8Array.of(1, 2) },
          { from: 'ada', ...fields, class: FRAME_CLASS.AUDIO, unicast: true, payload: new Uint8Array(0) },
        ],
        'what bob was shown',
      );
    },
  },
  {
    name: 'what is said before keys are agreed on waits for them, and reaches all who are there',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const eve = await town.join('eve');
      eve.latency = () => 200;
      await town.settle();
      eve.say('first');
      eve.say('second', 'bob');
      ada.onJoined = (client_id) => ada.say(`welcome, ${client_id}`);
      await town.run(5_000);
      assertSame(ada.texts, ['eve: first'], 'what ada reads');
      assertSame(bob.texts.toSorted(), ['ada: welcome, eve', 'eve: first', 'eve: second'], 'what bob reads');
      assertSame(eve.texts, ['ada: welcome, eve'], 'what eve reads');
      assertQuiet(ada, bob, eve);
    },
  },
  {
    name: 'so much waits for keys, and no more',
    async run(port) {
      const town = townOn(port);
      const [ada] = await town.gather('ada');
      const eve = await town.join('eve');
      eve.latency = () => 200;
      await town.run(201);
      for (let i = 0; i < 260; i++) eve.say(`message ${i}`);
      await town.run(3_000);
      assertSame(ada.texts.length, 256, 'messages that arrived');
      assertSame(
        eve.troubles.filter(({ kind }) => kind === 'not_sent').length,
        4,
        'messages that were refused',
      );
    },
  },
  {
    name: 'BYE changes the keys at once, and the one who left is told to be gone once',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
      ada.say('before');
      await town.run(100);
      const before = keyOf(latest(town, ada, isSealed));
      await town.leave(eve);
      await town.run(1_600);
      assertSame(ada.left, [{ client_id: 'eve', reason: 'gone' }], 'who left for ada');
      assertSealed(ada, bob);
      ada.say('after');
      await town.run(100);
      assertSame(keyOf(latest(town, ada, isSealed)).generation, before.generation + 1, 'generation');
      assertSame(bob.texts, ['ada: before', 'ada: after'], 'what bob reads');
      assertQuiet(ada, bob, eve);
    },
  },
  {
    name: 'an invitation to move on reaches those who are asked, and nobody else',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, cem, eve] = await town.gather('ada', 'bob', 'cem', 'eve');
      const secret = new Uint8Array(32).fill(9);
      const told = await ada.channel.invite(['bob', 'cem', 'nobody'], '778899', secret);
      await town.run(100);
      assertSame(told, ['bob', 'cem'], 'who is said to be told');
      const move = { from: 'ada', room_id: '778899', secret };
      assertSame([bob.moves, cem.moves, eve.moves], [[move], [move], []], 'moves');
      assertQuiet(ada, bob, cem, eve);
    },
  },
  {
    name: 'the safety number is the same for all members, and another when they are others',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const numberOf = async (...residents: Resident[]): Promise<string> => {
        const numbers = await Promise.all(residents.map((resident) => resident.channel.safetyNumber()));
        assertSame(new Set(numbers).size, 1, 'numbers that differ');
        assertThat(/^(\d{5} ){5}\d{5}$/.test(numbers[0]!), `${numbers[0]} is no safety number`);
        return numbers[0]!;
      };
      const two = await numberOf(ada, bob);
      const [eve] = await town.gather('eve');
      const three = await numberOf(ada, bob, eve);
      await town.leave(eve);
      await town.run(2_000);
      const again = await town.reload(bob);
      await town.run(2_000);
      const other = await numberOf(ada, again);
      assertSame(new Set([two, three, other]).size, 3, 'different numbers');
      await assertTalk(town, ada, again);
    },
  },
  {
    name: 'a 17th member comes when all steps of a key are used: it gets the next generation',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      // The visitors are hidden from each other: there would be two hundred handshakes.
      town.meddle = (frame, from, to) => (from === ada || to === ada ? [frame] : []);
      const visitors: Resident[] = [];
      for (let i = 0; i < 17; i++) {
        ada.say(`message ${i}`);
        await town.run(50);
        visitors.push(await town.join(`visitor-${i}`));
        await town.run(700);
      }
      ada.say('to all');
      await town.run(6_000);
      assertSame(keyOf(latest(town, ada, isSealed)).generation, 1, 'generation of ada');
      for (const { client_id, texts } of visitors) assertSame(texts.at(-1), 'ada: to all', `of ${client_id}`);
      assertSame(ada.standing.sealed.length, 18, 'members that ada is sealed with');
      assertQuiet(ada, bob, ...visitors);
    },
  },
  {
    name: 'a key is changed every ten minutes, and what is said meanwhile is read',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const from = keyOf((ada.say('first'), await town.run(100), latest(town, ada, isSealed)));
      for (let minute = 0; minute < 21; minute++) {
        ada.say(`minute ${minute}`);
        bob.say(`minute ${minute}`);
        await town.run(60_000);
      }
      assertSame(keyOf(latest(town, ada, isSealed)).generation, from.generation + 2, 'generation');
      assertSame([ada.texts.length, bob.texts.length], [21, 22], 'messages');
      assertThat(town.seen.filter(({ frame }) => isKey(frame)).length >= 6, 'no key was sent');
      assertQuiet(ada, bob);
      assertSealed(ada, bob);
    },
  },
];
