import { expect, it } from 'vitest';
import { payloadOf } from '../../../shared/protocol/frame.ts';
import { SealedTown } from '../../support/sealed-room.ts';
import { HELLO } from '../../../client/src/e2ee/hello.ts';
import { KEY } from '../../../client/src/e2ee/key-message.ts';
import { HANDSHAKES_PER_SECOND } from '../../../client/src/e2ee/limits.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';

/** A port that counts the MACs, one for each HELLO that is looked at. */
function counting(): { port: CryptoPort; macs: () => number } {
  let macs = 0;
  const port: CryptoPort = {
    ...nodeCrypto,
    hmac(hash, key, data) {
      macs++;
      return nodeCrypto.hmac(hash, key, data);
    },
  };
  return { port, macs: () => macs };
}

const isHello = (frame: Uint8Array<ArrayBuffer>): boolean =>
  payloadOf(frame)[0] === HELLO && (frame[0]! & 1) === 0;

it('a HELLO that is played again without end is looked at some times a second, and answered once', async () => {
  const { port, macs } = counting();
  const town = new SealedTown({ port });
  const ada = await town.join('ada');
  await town.run(100);
  const bob = await town.join('bob');
  await town.run(5_000);
  const hello = town.seen.find(({ from, frame }) => from === 'bob' && isHello(frame))!.frame;
  const said = (): number => town.seen.filter(({ from, frame }) => from === 'ada' && isHello(frame)).length;
  const [macs_before, said_before] = [macs(), said()];
  for (let i = 0; i < 500; i++) ada.channel.receive(hello.slice());
  await town.settle();
  // Reading one takes a MAC, and so does writing the answer.
  expect(macs() - macs_before).toBeLessThanOrEqual(HANDSHAKES_PER_SECOND + 1);
  expect(said() - said_before).toBe(1);
  await town.run(1_500);
  expect(said() - said_before).toBe(2);
  expect(bob.standing.sealed).toEqual(['ada']);
});

it('a KEY that is played again without end is looked at some times a second', async () => {
  const { port, macs } = counting();
  const town = new SealedTown({ port });
  const [ada, bob] = await town.gather('ada', 'bob');
  await town.run(5_000);
  const isKey = (frame: Uint8Array<ArrayBuffer>): boolean =>
    payloadOf(frame)[0] === KEY && (frame[0]! & 1) === 0;
  const key = town.seen.find(({ from, frame }) => from === 'bob' && isKey(frame))!.frame;
  const before = macs();
  for (let i = 0; i < 500; i++) ada.channel.receive(key.slice());
  await town.settle();
  // The key of the pair takes three MACs.
  expect(macs() - before).toBeLessThanOrEqual(3 * HANDSHAKES_PER_SECOND);
  expect(macs()).toBeGreaterThan(before);
  expect([ada.standing.sealed, bob.standing.sealed]).toEqual([['bob'], ['ada']]);
});

it('a frame of before we came is nobody’s fault, and no key is asked for it', async () => {
  const town = new SealedTown({ port: nodeCrypto });
  const [ada] = await town.gather('ada', 'bob');
  ada.say('before');
  await town.settle();
  const early = town.seen.findLast(({ from }) => from === 'ada')!.frame;
  const eve = await town.join('eve');
  await town.run(1_000);
  const sent = (): number => town.seen.filter(({ from }) => from === 'eve').length;
  const before = sent();
  eve.channel.receive(early.slice());
  await town.run(3_000);
  expect([eve.texts, eve.troubles, sent() - before]).toEqual([[], [], 0]);
});

it('a frame for another slot is refused, though it would open', async () => {
  const town = new SealedTown({ port: nodeCrypto });
  const [ada, bob] = await town.gather('ada', 'bob');
  town.meddle = (frame, from) => {
    if (from === ada) new DataView(frame.buffer).setUint16(4, 77);
    return [frame];
  };
  ada.say('to all');
  await town.settle();
  expect(bob.texts).toEqual([]);
  expect(bob.troubles).toEqual([{ kind: 'unreadable', from: 'ada', reason: 'malformed', count: 1 }]);
});
