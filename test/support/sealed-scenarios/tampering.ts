/** Frames, HELLO and KEY that were changed on their way. */
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import type { UnreadableReason } from '../../../client/src/e2ee/channel.ts';
import { FRAME_CLASS, HEADER_BYTES, TO_ALL } from '../../../shared/protocol/frame.ts';
import type { FrameClass } from '../../../shared/protocol/frame.ts';
import { assertSame, assertThat } from '../check.ts';
import { posesOf } from '../sealed-resident.ts';
import type { Resident } from '../sealed-resident.ts';
import type { SealedTown } from '../sealed-town.ts';
import {
  assertQuiet,
  assertSealed,
  assertTalk,
  distinct,
  isHello,
  isKey,
  isOf,
  townOn,
  withHeader,
} from './scenes.ts';
import type { Scenario } from './scenes.ts';

/** The bytes that hold slots, which are not sealed. */
const SLOTS = new Set([2, 3, 4, 5]);

/** Each copy of `frame` with a bit of it turned: one in each byte, all of bytes 0 and 1. */
function* turned(frame: Bytes, from = 0): Generator<Bytes> {
  for (let at = from; at < frame.length; at++) {
    if (SLOTS.has(at)) continue;
    for (const bit of at < 2 ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
      const copy = frame.slice();
      copy[at]! ^= 1 << bit;
      yield copy;
    }
  }
}

/** Keeps back the frames that are such ones, and lets all others pass. */
function holdBack(town: SealedTown, from: Resident, to: Resident, is: (frame: Bytes) => boolean): Bytes[] {
  const held: Bytes[] = [];
  town.meddle = (frame, sender, receiver) => {
    if (sender !== from || receiver !== to || !is(frame)) return [frame];
    held.push(frame);
    return [];
  };
  return held;
}

const letAllPass = (town: SealedTown): void => {
  town.meddle = (frame) => [frame];
};

/** Frames of a member that were reported as refused, for those reasons or any. */
const refusedOf = (
  { troubles }: Resident,
  from: string | undefined,
  ...reasons: UnreadableReason[]
): number =>
  troubles.reduce((sum, trouble) => {
    if (trouble.kind !== 'unreadable' || trouble.from !== from) return sum;
    return reasons.length === 0 || reasons.includes(trouble.reason) ? sum + trouble.count : sum;
  }, 0);

async function sealedFrames(
  port: CryptoPort,
  frame_class: FrameClass,
  to: string | undefined,
): Promise<void> {
  const town = townOn(port);
  const [ada, bob] = await town.gather('ada', 'bob');
  await town.run(1_000);
  const held = holdBack(town, ada, bob, isOf(frame_class));
  ada.send(frame_class, new TextEncoder().encode('the very words'), to);
  await town.settle();
  const [frame] = held;
  letAllPass(town);
  let count = 0;
  for (const bytes of turned(frame!)) {
    town.hand(bob, bytes);
    await town.settle();
    count++;
  }
  for (let length = 0; length < frame!.length; length++, count++) {
    town.hand(bob, frame!.slice(0, length));
  }
  await town.run(3_500);
  assertSame(bob.frames, [], 'what bob was shown of them');
  // Without a version, a class or all of its header nobody can be named.
  const nameless = refusedOf(bob, undefined);
  assertThat(nameless <= 16, `${nameless} frames were laid to nobody`);
  assertSame(refusedOf(bob, 'ada') + nameless, count, 'frames that were refused');
  town.hand(bob, frame!);
  await town.run(100);
  assertSame(bob.frames.length, 1, 'frames that bob was shown in the end');
  assertSealed(ada, bob);
  await assertTalk(town, ada, bob);
}

/** Neither proves anything when it was changed; as it was sent it does. */
async function handshake(port: CryptoPort, is: (frame: Bytes) => boolean): Promise<void> {
  const town = townOn(port);
  const [ada] = await town.gather('ada');
  const bob = await town.make('bob');
  const held = holdBack(town, ada, bob, is);
  town.connect(bob);
  await town.run(100);
  assertThat(held.length > 0, 'ada sent none');
  const [frame] = held;
  let count = 0;
  for (const bytes of turned(frame!, HEADER_BYTES)) {
    town.hand(bob, bytes);
    // One HELLO a second is looked at, unless it answers ours.
    await town.run(1_000);
    count++;
    assertSame(
      bob.standing.sealed,
      [],
      `with byte ${frame!.findIndex((byte, at) => byte !== bytes[at])} changed`,
    );
  }
  await town.run(2_000);
  const refused = refusedOf(bob, 'ada', 'hello', 'key', 'not_sealed');
  assertSame(refused, count, 'messages that were refused');
  assertSame(refusedOf(bob, undefined), 0, 'messages that were laid to nobody');
  assertSame([bob.frames, bob.standing.sealed], [[], []], 'what bob was shown, and who is sealed for it');
  letAllPass(town);
  town.hand(bob, frame!);
  await town.run(11_000);
  assertSealed(ada, bob);
  await assertTalk(town, ada, bob);
}

export const TAMPERING: Scenario[] = [
  ...(
    [
      ['a message to all', FRAME_CLASS.MSG, undefined],
      ['a message to one', FRAME_CLASS.MSG, 'bob'],
      ['a pose', FRAME_CLASS.POSE, undefined],
      ['a pose to one', FRAME_CLASS.POSE, 'bob'],
    ] as const
  ).map(([name, frame_class, to]) => ({
    name: `${name} is refused with any byte of its header, ciphertext or tag changed, and cut short`,
    run: (port: CryptoPort) => sealedFrames(port, frame_class, to),
  })),
  {
    name: 'a HELLO with any byte changed is refused, and names the sender',
    run: (port) => handshake(port, isHello),
  },
  {
    name: 'a KEY with any byte changed is refused, and names the sender',
    run: (port) => handshake(port, isKey),
  },
  {
    name: 'what is for one member does not open for another, nor as for all',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
      await town.run(1_000);
      for (const frame_class of [FRAME_CLASS.MSG, FRAME_CLASS.POSE]) {
        const held = holdBack(town, ada, bob, isOf(frame_class));
        ada.send(frame_class, new TextEncoder().encode('for bob'), 'bob');
        await town.settle();
        for (const to of [eve, bob]) town.hand(to, withHeader(held[0]!, { destination: TO_ALL }));
        town.hand(eve, withHeader(held[0]!, { destination: eve.slot! }));
        await town.run(2_000);
        assertSame([bob.frames, eve.frames], [[], []], 'what they were shown');
        assertThat(!eve.hasOpened('for bob'), 'eve has opened it');
        assertSame([refusedOf(bob, 'ada'), refusedOf(eve, 'ada')], [1, 2], 'frames that were refused');
        bob.troubles.length = 0;
        eve.troubles.length = 0;
        town.hand(bob, held[0]!);
        await town.run(10);
        assertSame(bob.frames.splice(0).length, 1, 'frames for bob');
      }
      letAllPass(town);
      await town.run(2_000);
      assertQuiet(ada, bob, eve);
    },
  },
  {
    name: 'what is for all does not open as for one, but a message that is sent again',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      const held = holdBack(
        town,
        ada,
        bob,
        (frame) => isOf(FRAME_CLASS.POSE)(frame) || isOf(FRAME_CLASS.MSG)(frame),
      );
      ada.pose('here');
      ada.say('to all');
      await town.settle();
      for (const frame of held) town.hand(bob, withHeader(frame, { destination: bob.slot! }));
      await town.run(10);
      assertSame([posesOf(bob), bob.texts], [[], ['ada: to all']], 'poses and messages for bob');
      assertSame(bob.refusals, ['ada: tag'], 'refusals of bob');
    },
  },
  {
    name: 'a frame that is sent as another member’s is refused, whoever hands it over',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
      for (const frame_class of [FRAME_CLASS.MSG, FRAME_CLASS.POSE, FRAME_CLASS.AUDIO]) {
        town.meddle = (frame, from, to) =>
          from === ada && to === bob ? [withHeader(frame, { source: eve.slot! })] : [frame];
        ada.send(frame_class, Uint8Array.of(1));
        await town.run(1_500);
        assertSame(bob.frames, [], 'what bob was shown');
        assertThat(refusedOf(bob, 'eve') > 0, 'nothing was refused');
        bob.troubles.length = 0;
      }
    },
  },
  {
    name: 'nothing that is not sealed is taken in',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      for (const frame_class of Object.values(FRAME_CLASS)) {
        const plain = withHeader(new Uint8Array([0, 0, 0, 0, 0, 0, 9, 9, 9]), {
          class: frame_class,
          e2e: false,
          source: ada.slot!,
          destination: TO_ALL,
        });
        plain[0]! |= 1 << 6;
        town.hand(bob, plain);
      }
      await town.run(2_500);
      assertSame(bob.frames, [], 'what bob was shown');
      assertSame(refusedOf(bob, 'ada'), 5, 'frames that were refused');
      assertSame(distinct(bob.refusals), ['ada: not_sealed'], 'why');
    },
  },
];
