/** Sealed frames from one member to others, on one platform. */
import { utf8 } from '../../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import { CONTEXT, isSigned, packKid } from '../../../client/src/e2ee/kid.ts';
import { placeOf } from '../../../client/src/e2ee/lanes.ts';
import { OLD_KEY_MS } from '../../../client/src/e2ee/limits.ts';
import type { Opener, Opening } from '../../../client/src/e2ee/opener.ts';
import { address, Sealer } from '../../../client/src/e2ee/sealer.ts';
import type { Receiver } from '../../../client/src/e2ee/sealer.ts';
import { FRAME_CLASS, HEADER_BYTES, TO_ALL } from '../../../shared/protocol/frame.ts';
import type { FrameClass } from '../../../shared/protocol/frame.ts';
import { assertSame, assertThat } from '../check.ts';
import type { Check } from '../check.ts';
import { allOf, frameHeader, tampered, testSender, unhex } from '../e2ee.ts';
import type { TestSender } from '../e2ee.ts';

const BODY = utf8('hello');
const CLASSES = Object.values(FRAME_CLASS);
const BOB = unhex('b0'.repeat(16));
const EVE = unhex('e0'.repeat(16));
const TO_BOB = { id: BOB, lane: 4 };

/** What became of a frame: `opened`, `unknown_key`, or why it was refused. */
export const why = (opening: Opening): string => (opening.kind === 'refused' ? opening.reason : opening.kind);

async function sealed(
  sender: Pick<TestSender, 'sealer'>,
  frame_class: FrameClass,
  to?: Receiver,
): Promise<Bytes> {
  return (await sender.sealer.seal(frameHeader(frame_class, to), to, BODY)).frame;
}

async function assertOutcome(
  opener: Opener,
  frame: Bytes,
  outcome: string,
  about: string,
  now = 0,
): Promise<void> {
  assertSame(why(await opener.open(frame, now)), outcome, about);
}

async function comesWhole(
  port: CryptoPort,
  frame_class: FrameClass,
  to: Receiver | undefined,
): Promise<void> {
  const ann = await testSender(port, 1);
  const { frame, context, ctr, kid } = await ann.sealer.seal(frameHeader(frame_class, to), to, BODY);
  assertSame([context, kid], [frame_class, packKid({ generation: 0, step: 0, context })], 'context and KID');
  const { opener } = await ann.openerFor(BOB);
  assertSame(await opener.open(frame, 0), { kind: 'opened', context, kid, ctr, body: BODY }, 'opening');
}

async function opensForNobodyElse(port: CryptoPort, frame_class: FrameClass): Promise<void> {
  const [ann, bob] = [await testSender(port, 1), await testSender(port, 2)];
  const to_bob = await sealed(ann, frame_class, TO_BOB);
  const to_all = await sealed(ann, frame_class);
  const { opener: eves } = await ann.openerFor(EVE);
  await assertOutcome(eves, to_bob, 'tag', 'what was for bob, at eve,');
  const { opener: bobs } = await ann.openerFor(BOB);
  const passed_on = address(to_bob.slice(), 3, TO_ALL);
  await assertOutcome(bobs, passed_on, isSigned(frame_class) ? 'malformed' : 'tag', 'a unicast sent to all');
  // A message for all may be sent again to one: its lane, under the seal, says that it was for all.
  const again = address(to_all.slice(), 3, 5);
  await assertOutcome(
    bobs,
    again,
    isSigned(frame_class) ? 'opened' : 'tag',
    'what was for all, sent to one,',
  );
  const { opener: as_bobs } = await bob.openerFor(EVE);
  await assertOutcome(as_bobs, to_all, 'tag', 'what came from the slot of another');
  const elsewhere = new Sealer(BOB, ann.identity, ann.keys);
  await assertOutcome(
    bobs,
    await sealed({ sealer: elsewhere }, frame_class),
    'tag',
    'a frame of another room',
  );
}

export const FRAME_CHECKS: Check<CryptoPort>[] = [
  ...[undefined, TO_BOB].map((to) => ({
    name: `come to ${to === undefined ? 'all' : 'one member'}, of each class`,
    async run(port: CryptoPort) {
      for (const frame_class of CLASSES) await comesWhole(port, frame_class, to);
    },
  })),
  {
    name: 'are refused with any bit turned, but for the slots of the header',
    async run(port) {
      const ann = await testSender(port, 1);
      for (const frame_class of CLASSES) {
        const frame = await sealed(ann, frame_class);
        const { opener } = await ann.openerFor(BOB);
        for (const { at, bytes } of [...tampered(frame, 0, 2), ...tampered(frame, HEADER_BYTES)]) {
          const outcome = why(await opener.open(bytes, 0));
          assertThat(outcome !== 'opened', `class ${frame_class} opens with byte ${at} turned`);
        }
        await assertOutcome(
          opener,
          address(frame.slice(), 77, TO_ALL),
          'opened',
          'a frame from another slot',
        );
      }
    },
  },
  {
    name: 'do not open for another member, in another room, or as from another sender',
    async run(port) {
      for (const frame_class of CLASSES) await opensForNobodyElse(port, frame_class);
    },
  },
  {
    name: 'of poses, video and audio open once, also where the copies come at once',
    async run(port) {
      const ann = await testSender(port, 1);
      const { opener } = await ann.openerFor(BOB);
      for (const frame_class of [FRAME_CLASS.POSE, FRAME_CLASS.VIDEO, FRAME_CLASS.AUDIO]) {
        const frame = await sealed(ann, frame_class);
        const copies = await allOf(Array.from({ length: 4 }, () => opener.open(frame, 0)));
        assertSame(copies.map(why).sort(), ['opened', 'replay', 'replay', 'replay'], 'outcomes');
        await assertOutcome(opener, frame, 'replay', 'a fifth copy');
      }
    },
  },
  {
    name: 'leave in the order of their numbers, all in one lane without a gap',
    async run(port) {
      const { sealer } = await testSender(port, 1);
      const order: number[] = [];
      const all = Array.from({ length: 12 }, async (_, i) => {
        const to = i % 3 === 0 ? TO_BOB : undefined;
        const { ctr } = await sealer.seal(frameHeader(FRAME_CLASS.MSG, to), to, BODY);
        order.push(i);
        return placeOf(ctr);
      });
      const places = await Promise.all(all);
      const numbers = (wanted: number): number[] =>
        places.filter(({ lane }) => lane === wanted).map(({ sequence }) => sequence);
      assertSame(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 'the order in which they left');
      assertSame(numbers(4), [0, 1, 2, 3], 'numbers of lane 4');
      assertSame(numbers(0), [0, 1, 2, 3, 4, 5, 6, 7], 'numbers of lane 0');
      const next = [sealer.next(CONTEXT.MSG), sealer.next(CONTEXT.MSG, 4), sealer.next(CONTEXT.CTRL)];
      assertSame(next, [8, 4, 0], 'numbers that come next');
    },
  },
  {
    name: 'open under the next step, which the receiver finds by itself, and under both while the key changes',
    async run(port) {
      const ann = await testSender(port, 1);
      const { opener, keys } = await ann.openerFor(BOB);
      const before = await sealed(ann, FRAME_CLASS.MSG);
      const sealing = sealed(ann, FRAME_CLASS.MSG);
      await ann.keys.ratchet();
      const after = await ann.sealer.seal(frameHeader(FRAME_CLASS.MSG), undefined, BODY);
      assertSame(after.kid, packKid({ generation: 0, step: 1, context: 1 }), 'KID of the next step');
      for (const frame of [after.frame, await sealing, before]) {
        await assertOutcome(opener, frame, 'opened', 'a frame of either step');
      }
      // The signature under the new step began the last ten seconds of the old one.
      keys.expire(OLD_KEY_MS);
      await assertOutcome(opener, before, 'unknown_key', 'a frame of the old step', OLD_KEY_MS);
      await assertOutcome(opener, after.frame, 'opened', 'a frame of the new step', OLD_KEY_MS);
    },
  },
  {
    name: 'are held for a key that is not there yet',
    async run(port) {
      const ann = await testSender(port, 1);
      const { opener, keys } = await ann.openerFor(BOB);
      const offer = ann.keys.prepare();
      ann.keys.switchOver();
      const { frame, kid } = await ann.sealer.seal(frameHeader(FRAME_CLASS.POSE), undefined, BODY);
      assertSame(await opener.open(frame, 0), { kind: 'unknown_key', kid }, 'opening');
      await keys.learn(offer, 0);
      await assertOutcome(opener, frame, 'opened', 'the frame once the key is there');
    },
  },
];
