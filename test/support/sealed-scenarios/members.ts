/** Members that mean harm, whoever was one, and whoever is none. */
import { writeControlBody } from '../../../client/src/e2ee/control-body.ts';
import { FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import { assertSame, assertThat } from '../check.ts';
import { posesOf } from '../sealed-resident.ts';
import { Rogue } from './rogue.ts';
import {
  assertQuiet,
  assertSealed,
  assertTalk,
  distinct,
  isHello,
  isKey,
  isOf,
  isSealed,
  latest,
  townOn,
  withHeader,
} from './scenes.ts';
import type { Scenario } from './scenes.ts';

/** Of another link. */
const OTHER_SECRET = new Uint8Array(32).fill(8);
const text = (words: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(words);

export const MEMBERS: Scenario[] = [
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
    name: 'a member can forge no message of another, nor what members say to each other',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
      // Eve has ada's key, and no private key of ada's.
      const ada_keys = await Rogue.of(ada, town, port);
      const { identity } = await Rogue.of(eve, town, port);
      for (const [frame_class, body] of [
        [FRAME_CLASS.MSG, text('I owe eve a fortune')],
        [FRAME_CLASS.CTRL, writeControlBody({ kind: 'bye' })],
      ] as const) {
        town.hand(bob, await ada_keys.seal(frame_class, body, { number: 40, signed_by: identity }));
      }
      await town.run(1_500);
      assertSame(bob.frames, [], 'what bob was shown');
      assertSame(distinct(bob.refusals), ['ada: signature'], 'why');
      assertSealed(ada, bob, eve);
      // The same by ada itself is taken in.
      town.hand(
        bob,
        await ada_keys.seal(FRAME_CLASS.CTRL, writeControlBody({ kind: 'bye' }), { number: 41 }),
      );
      await town.run(100);
      assertSame(bob.standing.sealed, ['eve'], 'who is sealed for bob');
    },
  },
  {
    name: 'a member is sent again what was for all or for it, and nothing that was for another',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
      ada.say('for bob', 'bob');
      ada.say('for all');
      await town.run(100);
      const rogue = await Rogue.of(eve, town, port);
      const sent = town.seen.length;
      for (let lane = 0; lane < 4; lane++) {
        const ranges = [{ first: 0, last: 9 }];
        const body = writeControlBody({ kind: 'resend', context: FRAME_CLASS.MSG, lane, ranges });
        town.hand(ada, await rogue.seal(FRAME_CLASS.CTRL, body, { number: 50 + lane }));
        await town.run(250);
      }
      const again = town.seen
        .slice(sent)
        .filter(({ from, frame }) => from === 'ada' && isOf(FRAME_CLASS.MSG)(frame));
      assertSame(again.length, 1, 'messages that ada sent again');
      assertThat(!eve.hasOpened('for bob'), 'eve has what was for bob');
      assertSame([bob.texts.length, eve.texts.length], [2, 1], 'messages for bob and eve');
    },
  },
  {
    name: 'a member cannot put another key in the place of its own, nor take up one of before',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      ada.say('hello');
      await town.run(100);
      const rogue = await Rogue.of(ada, town, port);
      const { generation, step, base_key } = rogue.keys.offer();
      const other = new Uint8Array(32).fill(5);
      town.hand(bob, await rogue.keyFor(bob, { generation, step, base_key: other }));
      town.hand(bob, await rogue.keyFor(bob, { generation, step: step + 2, base_key: other }));
      await town.run(2_500);
      assertSame(bob.refusals, ['ada: key', 'ada: key'], 'reports of KEYs that were refused');
      town.hand(bob, await rogue.keyFor(bob, { generation, step, base_key }));
      await town.run(1_500);
      assertSame(bob.refusals.length, 2, 'reports of KEYs that were refused in the end');
      await assertTalk(town, ada, bob);
    },
  },
  {
    name: 'HELLOs that a relay swaps prove nobody, and neither do the KEYs of two members',
    async run(port) {
      for (const is of [isHello, isKey]) {
        const town = townOn(port);
        const [ada] = await town.gather('ada');
        const bob = await town.make('bob');
        const eve = await town.make('eve');
        town.meddle = (frame, from, to) => {
          if (to !== ada || !is(frame)) return [frame];
          return [withHeader(frame, { source: from === bob ? eve.slot! : bob.slot! })];
        };
        town.connect(bob);
        town.connect(eve);
        await town.run(8_000);
        assertSame(ada.standing.sealed, [], 'who is sealed for ada');
        const reason = is === isHello ? 'hello' : 'key';
        const expected = [`bob: ${reason}`, `eve: ${reason}`];
        const refusals = distinct(ada.refusals).filter((refusal) => !refusal.endsWith('no_key'));
        assertSame(refusals, expected, 'why');
        town.meddle = (frame) => [frame];
        await town.run(20_000);
        assertSealed(ada, bob, eve);
        await assertTalk(town, ada, bob, eve);
      }
    },
  },
  {
    name: 'a KEY for one member opens for no other',
    async run(port) {
      const town = townOn(port);
      const [ada, eve] = await town.gather('ada', 'eve');
      await town.run(1_500);
      const keys: Uint8Array<ArrayBuffer>[] = [];
      town.meddle = (frame, from) => {
        if (from === ada && isKey(frame)) keys.push(frame.slice());
        return [frame];
      };
      await town.gather('bob');
      for (const frame of keys) town.hand(eve, withHeader(frame, { destination: eve.slot! }));
      await town.run(1_500);
      assertThat(keys.length > 0, 'ada sent no KEY');
      assertSame(distinct(eve.refusals), ['ada: key'], 'what eve refuses');
    },
  },
  {
    name: 'our own HELLO and frames, played back to us as another’s, are nobody’s',
    async run(port) {
      const town = townOn(port);
      const [ada] = await town.gather('ada');
      const bob = await town.make('bob');
      town.meddle = (frame, from) => {
        if (from !== ada) return [];
        // With the slot that it names, or bob's.
        for (const source of [ada.slot!, bob.slot!])
          town.hand(ada, withHeader(frame, { source, destination: TO_ALL }));
        return [];
      };
      town.connect(bob, 9);
      await town.run(6_000);
      assertSame([ada.standing.sealed, ada.frames], [[], []], 'who is sealed for ada, and what it was shown');
      assertThat(ada.refusals.includes('bob: hello'), 'it was not refused');
    },
  },
  {
    name: 'our own HELLO and frames are nobody’s, though a relay says that somebody has our slot',
    async run(port) {
      const town = townOn(port);
      const [ada] = await town.gather('ada');
      const slot = ada.slot!;
      ada.inbox.push({ kind: 'joined', message: { type: 'joined', client_id: 'bob', slot } });
      for (let played = 0, i = 0; i < 60; i++) {
        await town.run(250);
        for (const { frame } of town.seen.slice(played)) town.hand(ada, frame);
        played = town.seen.length;
      }
      assertSame([ada.standing.sealed, ada.frames], [[], []], 'who is sealed for ada, and what it was shown');
      assertThat(ada.refusals.includes('bob: hello'), 'it was not refused');
    },
  },
  {
    name: 'a HELLO of before, played again, keeps nobody from a KEY that follows',
    async run(port) {
      const town = townOn(port);
      const ada = await town.make('ada');
      const [bob, cem] = await town.gather('bob', 'cem');
      town.connect(ada);
      await town.run(1_500);
      const old = latest(town, ada, isHello);
      town.cut(ada);
      town.connect(ada);
      await town.run(1_500);
      // What bob answers to it would set that right.
      town.meddle = (frame, from) => (from === bob && isHello(frame) ? [] : [frame]);
      town.hand(bob, old);
      await town.run(100);
      await town.leave(cem);
      await town.run(2_000);
      ada.say('with a new key');
      await town.run(100);
      assertSame(bob.texts, ['ada: with a new key'], 'what bob reads');
      assertQuiet(bob);
    },
  },
  {
    name: 'two members whose client ids a relay swaps are still who they were, or nobody',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
      town.cut(bob);
      town.cut(eve);
      await town.run(500);
      const swapped: Record<string, string> = { bob: 'eve', eve: 'bob' };
      town.lie = (said, to) => {
        if (to !== ada || said.kind === 'frame' || said.kind === 'welcome') return [said];
        const { client_id } = said.message;
        const message = { ...said.message, client_id: swapped[client_id] ?? client_id };
        return [{ ...said, message } as typeof said];
      };
      town.connect(bob);
      town.connect(eve);
      await town.run(1_000);
      bob.say('I am bob');
      eve.say('I am eve');
      await town.run(9_000);
      assertSame(ada.standing.sealed, [], 'who is sealed for ada');
      assertSame(ada.texts, [], 'what ada was shown');
      const refusals = distinct(ada.refusals).filter((refusal) => !refusal.endsWith('no_key'));
      assertSame(refusals, ['bob: identity', 'eve: identity'], 'what ada refuses');
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
