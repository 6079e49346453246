import { expect, it } from 'vitest';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import { CONTEXT } from '../../../client/src/e2ee/kid.ts';
import { RETENTION_MS } from '../../../client/src/e2ee/limits.ts';
import { MAX_LANE } from '../../../client/src/e2ee/lanes.ts';
import { Sending } from '../../../client/src/e2ee/sending.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { testSender } from '../../support/e2ee.ts';

const MESSAGE = { class: CONTEXT.MSG, droppable: false, keyframe: false, layer: 0, stream: 0 };
const isMessage = (frame: Bytes): boolean => ((frame[0]! >>> 3) & 7) === CONTEXT.MSG;
const ALL = [{ first: 0, last: 1_000 }];
const member = (number: number, slot: number) => ({
  id: new Uint8Array(16).fill(number & 255),
  slot,
});

async function sending() {
  const { sealer } = await testSender(nodeCrypto, 1);
  const sent: Bytes[] = [];
  const clock = { now: 0 };
  const sending = new Sending(
    sealer,
    () => clock.now,
    (frame) => sent.push(frame),
  );
  sending.slot = 1;
  return { sending, sent, clock };
}

it('whoever has a lane next is not sent again what another was sent in it', async () => {
  const { sending: ours, sent } = await sending();
  const first = member(0, 7);
  await ours.seal(MESSAGE, first, Uint8Array.of(1));
  await ours.resend(first, CONTEXT.MSG, 1, ALL);
  expect(sent).toHaveLength(2);
  // All other lanes are taken: the first is given to the next once its member has left.
  for (let number = 1; number < MAX_LANE; number++) ours.spansFor(member(number, 9).id);
  ours.release(first.id);
  const next = member(MAX_LANE, 8);
  expect(ours.spansFor(next.id).own.messages).toEqual({ start: 1, next: 1 });
  await ours.resend(next, CONTEXT.MSG, 1, ALL);
  expect(sent.filter(isMessage)).toHaveLength(2);
});

it('a member is sent again what was for all and what was for it, and nothing of another’s lane', async () => {
  const { sending: ours, sent } = await sending();
  const [ann, bob] = [member(1, 7), member(2, 8)];
  await ours.seal(MESSAGE, undefined, Uint8Array.of(1));
  await ours.seal(MESSAGE, ann, Uint8Array.of(2));
  await ours.seal(MESSAGE, bob, Uint8Array.of(3));
  sent.length = 0;
  for (const lane of [0, 1, 2]) await ours.resend(bob, CONTEXT.MSG, lane, ALL);
  // That for all, and its own, both to its slot.
  expect(sent.map((frame) => (frame[4]! << 8) | frame[5]!)).toEqual([8, 8]);
});

it('a member is told what is gone of what it asks for, and nothing where all is kept', async () => {
  const { sending: ours, sent, clock } = await sending();
  const ann = member(1, 7);
  for (let i = 0; i < 3; i++) {
    await ours.seal(MESSAGE, undefined, Uint8Array.of(i));
    clock.now += RETENTION_MS / 2;
  }
  sent.length = 0;
  await ours.resend(ann, CONTEXT.MSG, 0, [{ first: 2, last: 2 }]);
  expect(sent.map(isMessage)).toEqual([true]);
  sent.length = 0;
  await ours.resend(ann, CONTEXT.MSG, 0, [{ first: 1, last: 2 }]);
  expect(sent.map(isMessage)).toEqual([true, false]);
  clock.now += RETENTION_MS;
  sent.length = 0;
  await ours.resend(ann, CONTEXT.MSG, 0, [{ first: 2, last: 2 }]);
  expect(sent.map(isMessage)).toEqual([false]);
});

it('a member is not told that what is still being sealed is gone', async () => {
  const { sending: ours, sent, clock } = await sending();
  const ann = member(1, 7);
  await ours.seal(MESSAGE, undefined, Uint8Array.of(0));
  clock.now += RETENTION_MS;
  sent.length = 0;
  const sealing = ours.seal(MESSAGE, undefined, Uint8Array.of(1));
  expect(sent).toEqual([]);
  const answering = ours.resend(ann, CONTEXT.MSG, 0, [{ first: 1, last: 1 }]);
  await Promise.all([sealing, answering]);
  expect(sent.map(isMessage)).toEqual([true]);
});

it('a member that comes back as somebody new is not sent what it has no key for', async () => {
  const { sending: ours, sent } = await sending();
  const ann = member(1, 7);
  ours.spansFor(ann.id);
  await ours.seal(MESSAGE, undefined, Uint8Array.of(0));
  ours.release(ann.id);
  ours.keyChanged();
  ours.spansFor(ann.id);
  await ours.seal(MESSAGE, undefined, Uint8Array.of(1));
  sent.length = 0;
  await ours.resend(ann, CONTEXT.MSG, 0, ALL);
  expect(sent.map(isMessage)).toEqual([true, false]);
});
