/** Connections that break, come back, and are taken for others. */
import { assertSame, assertThat } from '../check.ts';
import { seededRandom } from '../random.ts';
import type { Resident } from '../sealed-resident.ts';
import type { SealedTown } from '../sealed-town.ts';
import { heldUp, slowToOpen } from '../watched-crypto.ts';
import { Rogue } from './rogue.ts';
import { assertQuiet, assertSealed, assertTalk, isKey, latest, townOn, withHeader } from './scenes.ts';
import type { Scenario } from './scenes.ts';

/** KEYs that a member has sent since the relay had seen so many frames. */
const keysOf = (town: SealedTown, { client_id }: Resident, from: number): number =>
  town.seen.slice(from).filter((seen) => seen.from === client_id && isKey(seen.frame)).length;

export const CONNECTIONS: Scenario[] = [
  {
    name: 'a request for a key is answered under the nonces of the connection that it comes from',
    async run(port) {
      const town = townOn(port);
      const [ada] = await town.gather('ada');
      town.meddle = (frame, from) => (from === ada && isKey(frame) ? [] : [frame]);
      const bob = await town.join('bob');
      await town.run(100);
      town.kill();
      town.meddle = (frame) => [frame];
      for (const resident of [ada, bob]) resident.latency = () => 50;
      town.connect(ada);
      await town.run(1_000);
      town.connect(bob);
      await town.run(75);
      // Bob knows ada, and has no key of it: it asks for one, behind its HELLO and ahead of its KEY.
      const before = town.seen.length;
      ada.say('hello again');
      await town.run(3_000);
      assertSame(keysOf(town, ada, before), 1, 'KEYs that ada sent');
      assertQuiet(ada, bob);
      assertSealed(ada, bob);
      assertSame(bob.texts, ['ada: hello again'], 'what bob reads');
      for (const resident of [ada, bob]) resident.latency = () => 0;
      await assertTalk(town, ada, bob);
    },
  },
  {
    name: 'what a connection said that broke since is nothing to the next one, though it has the same slot',
    async run(port) {
      const town = townOn(port);
      await town.gather('cem');
      const bob = await town.make('bob');
      bob.latency = () => 50;
      town.connect(bob);
      await town.run(10);
      const ada = await town.join('ada');
      await town.run(95);
      const before = town.seen.length;
      // Bob's answer to ada's HELLO, its leave and its return are all there when ada looks.
      ada.asleep = true;
      await town.run(50);
      town.cut(bob);
      town.connect(bob);
      ada.asleep = false;
      await town.run(3_000);
      assertSame(ada.standing.sealed, ['cem', 'bob'], 'who is sealed for ada');
      assertSame(keysOf(town, ada, before), 1, 'KEYs that ada sent');
      assertQuiet(ada, bob);
    },
  },
  {
    name: 'a KEY that was on its way when its receiver came back is no fault of its sender',
    async run(port) {
      const town = townOn(port);
      const [ada] = await town.gather('ada');
      ada.latency = () => 50;
      const bob = await town.join('bob');
      await town.run(175);
      const keys = (): number => town.seen.filter(({ frame }) => isKey(frame)).length;
      const before = keys();
      town.replace(bob);
      await town.run(40);
      assertSame(keys() - before, 1, 'KEYs that are late');
      await town.run(3_000);
      assertSealed(ada, bob);
      assertQuiet(ada, bob);
      // Once more, with a member that bob had not come to know yet.
      const cem = await town.make('cem');
      cem.latency = () => 50;
      town.connect(cem);
      await town.run(10);
      const late = latest(town, ada, isKey);
      town.replace(bob);
      town.hand(bob, withHeader(late, { source: cem.slot! }));
      await town.run(3_000);
      assertSealed(ada, bob, cem);
      assertQuiet(ada, bob, cem);
    },
  },
  {
    name: 'who was away while keys came and went reads what was said with each of them',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, cem] = await town.gather('ada', 'bob', 'cem');
      town.cut(bob);
      await town.leave(cem);
      await town.run(2_000);
      ada.say('with a new key');
      await town.run(100);
      const [dan] = await town.gather('dan');
      ada.say('with its next step');
      await town.run(100);
      await town.leave(dan);
      await town.run(2_000);
      ada.say('with another key');
      ada.say('to bob', 'bob');
      await town.run(100);
      await town.gather('eve');
      ada.say('with its next step, too');
      town.connect(bob);
      await town.run(2_000);
      const texts = ['a new key', 'its next step', 'another key', 'its next step, too'];
      assertSame(
        bob.texts.filter((text) => text !== 'ada: to bob'),
        texts.map((text) => `ada: with ${text}`),
        'what bob reads',
      );
      assertQuiet(ada, bob);
    },
  },
  {
    name: 'who comes back under another slot is who it was, and misses nothing of what was said meanwhile',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
      town.cut(bob);
      await town.run(3_000);
      ada.say('meanwhile');
      ada.say('to you', 'bob');
      bob.say('from away');
      await town.run(3_000);
      town.connect(bob, 40);
      await town.run(2_000);
      assertSealed(ada, bob, eve);
      assertSame(bob.texts.toSorted(), ['ada: meanwhile', 'ada: to you'], 'what bob reads');
      assertSame(
        [ada.texts, eve.texts],
        [['bob: from away'], ['ada: meanwhile', 'bob: from away']],
        'the others',
      );
      assertSame(ada.left, [{ client_id: 'bob', reason: 'resuming' }], 'who left for ada');
      assertSame(ada.joined, ['bob', 'eve', 'bob'], 'who came for ada');
      assertQuiet(ada, bob, eve);
      await assertTalk(town, ada, bob, eve);
    },
  },
  {
    name: 'a task is killed: all come back under other slots, and nothing that was said is lost',
    async run(port) {
      const town = townOn(port);
      const residents = await town.gather('ada', 'bob', 'cem', 'dan');
      const [ada, bob, cem, dan] = residents;
      for (const resident of residents) resident.latency = () => 40;
      for (const resident of residents) resident.say('on the way');
      ada.say('to cem', 'cem');
      await town.run(20);
      town.kill();
      for (const resident of residents) resident.say('while away');
      for (const resident of [dan, bob, ada, cem]) {
        await town.run(700);
        town.connect(resident);
      }
      await town.run(4_000);
      assertSealed(...residents);
      for (const { client_id, texts } of residents) {
        for (const other of residents) {
          const said = texts.filter(
            (text) => text.startsWith(`${other.client_id}: `) && !text.endsWith('cem'),
          );
          const expected = other.client_id === client_id ? [] : ['on the way', 'while away'];
          assertSame(
            said,
            expected.map((text) => `${other.client_id}: ${text}`),
            `what ${client_id} reads`,
          );
        }
      }
      assertThat(cem.texts.includes('ada: to cem'), 'cem misses what was for it alone');
      assertQuiet(...residents);
    },
  },
  {
    name: 'two members that hold the same slot in turn are two members',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const slot = bob.slot!;
      ada.say('for bob', 'bob');
      await town.run(100);
      town.cut(bob, 'gone');
      const eve = await town.make('eve');
      town.connect(eve, slot);
      ada.say('for whom?', 'bob');
      await town.run(3_000);
      assertSealed(ada, eve);
      assertThat(!eve.hasOpened('for bob') && !eve.hasOpened('for whom?'), 'eve read what was for bob');
      ada.say('for eve', 'eve');
      await town.run(100);
      assertSame([eve.texts, bob.texts], [['ada: for eve'], ['ada: for bob']], 'what they read');
      town.connect(bob, slot + 1);
      await town.run(3_000);
      town.cut(eve);
      town.cut(bob);
      await town.run(100);
      town.connect(eve, slot + 1);
      town.connect(bob, slot);
      await town.run(3_000);
      assertSealed(ada, bob, eve);
      await assertTalk(town, ada, bob, eve);
    },
  },
  {
    name: 'a page that is loaded anew is another member, whether the relay tells of it or not',
    async run(port) {
      for (const noticed of [true, false]) {
        const town = townOn(port);
        const [ada, bob] = await town.gather('ada', 'bob');
        ada.say('before');
        await town.run(1_000);
        const number = await ada.channel.safetyNumber();
        const again = await town.reload(bob, noticed);
        await town.run(3_000);
        assertSealed(ada, again);
        assertThat((await ada.channel.safetyNumber()) !== number, 'the safety number is the same');
        assertThat(!again.hasOpened('before'), 'it read what was said before');
        await assertTalk(town, ada, again);
      }
    },
  },
  {
    name: 'a page that is loaded anew is sealed at once, though what it says comes while it is taken for who it was',
    async run(port) {
      const random = seededRandom(1);
      // Its KEY comes together with what it seals, which may take longer to open.
      for (const [own, step] of [
        [port, 0],
        [port, 1],
        [slowToOpen(port, 40), 0],
        [heldUp(port, 4, (below) => random.integer(below)), 0],
      ] as const) {
        const town = townOn(own);
        const bob = await town.join('bob');
        await town.run(100);
        // If bob has spoken, its key is at another step when ada comes than that of who comes in its place.
        if (step > 0) bob.say('hello');
        await town.run(100);
        const [ada] = await town.gather('ada');
        await town.run(1_000);
        town.cut(bob);
        bob.channel.close();
        const again = await town.make('bob');
        again.latency = () => 20;
        town.connect(again);
        await town.run(500);
        assertSealed(ada, again);
        assertQuiet(ada, again);
      }
    },
  },
  {
    name: 'a KEY behind a HELLO that has to wait a second is no fault of its sender',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      town.replace(bob);
      await town.run(100);
      // Bob knows ada's nonce and gives its KEY at once; ada has answered a HELLO of bob's just now.
      const rogue = await Rogue.of(bob, town, port);
      town.hand(ada, await rogue.keyFor(ada, rogue.keys.offer()));
      await town.run(5_000);
      assertSealed(ada, bob);
      assertQuiet(ada, bob);
    },
  },
];
