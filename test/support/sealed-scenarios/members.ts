/** Members, and a relay, that would pass for others. */
import { writeControlBody } from '../../../client/src/e2ee/control-body.ts';
import { FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import { assertSame, assertThat } from '../check.ts';
import { Rogue } from './rogue.ts';
import {
  assertQuiet,
  assertSealed,
  assertTalk,
  distinct,
  isHello,
  isKey,
  isOf,
  latest,
  townOn,
  withHeader,
} from './scenes.ts';
import type { Scenario } from './scenes.ts';

const text = (words: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(words);

export const MEMBERS: Scenario[] = [
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
];
