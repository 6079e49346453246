/** A secret that was overwritten is one that everybody knows: nothing is opened or sealed with it, whatever comes between. */
import { expect, it } from 'vitest';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import { HELLO, HELLO_BYTES, NO_ECHO, writeHello } from '../../../client/src/e2ee/hello.ts';
import { Identity, idOf } from '../../../client/src/e2ee/identity.ts';
import { KEY, openKey, pairKey, sealKey } from '../../../client/src/e2ee/key-message.ts';
import type { PairEnd } from '../../../client/src/e2ee/key-message.ts';
import { linkKeys } from '../../../client/src/e2ee/link.ts';
import { address } from '../../../client/src/e2ee/sealer.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { FRAME_CLASS, HEADER_BYTES, payloadOf, writeHeader } from '../../../shared/protocol/frame.ts';
import { seededFill } from '../../support/e2ee.ts';
import { SECRET } from '../../support/sealed-town.ts';
import { SealedTown } from '../../support/sealed-room.ts';
import type { Resident } from '../../support/sealed-room.ts';
import { heldUp } from '../../support/watched-crypto.ts';

const ZEROS = new Uint8Array(32);
const isSealed = (frame: Uint8Array): boolean => (frame[0]! & 1) === 1;

function plainFrame(payload: Bytes, from: number, to: number): Bytes {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  const fields = { class: FRAME_CLASS.CTRL, droppable: false, keyframe: false, layer: 0, stream: 0 };
  writeHeader(frame, { ...fields, e2e: false, source: from, destination: to });
  frame.set(payload, HEADER_BYTES);
  return address(frame, from, to);
}

/** Payloads of one kind that a member sent in clear. */
function payloadsOf(town: SealedTown, { client_id }: Resident, first: number): Bytes[] {
  const sent = town.seen.filter(({ from, frame }) => from === client_id && !isSealed(frame));
  return sent.map(({ frame }) => payloadOf(frame)).filter((payload) => payload[0] === first);
}

/** What a member says of itself in the clear. */
async function endOf(town: SealedTown, member: Resident): Promise<PairEnd> {
  const hello = payloadsOf(town, member, HELLO).at(-1)!;
  expect(hello).toHaveLength(HELLO_BYTES);
  return { id: await idOf(nodeCrypto, hello.slice(22, 54)), nonce: hello.slice(6, 22) };
}

/**
 * The relay, together with somebody who has the link and never came in: while a KEY is being tried with a HELLO of theirs, bob
 * leaves, and his secret with ada is overwritten. Whether a KEY of ada's then opens under the overwritten secret.
 */
async function playOut(turns: number): Promise<boolean> {
  const town = new SealedTown({ port: heldUp(nodeCrypto, 2, () => 2) });
  const [ada, bob] = await town.gather('ada', 'bob');
  await town.run(2_000);
  const link = await linkKeys(nodeCrypto, town.room_id, new Uint8Array(SECRET));
  const [adas, bobs] = [await endOf(town, ada), await endOf(town, bob)];
  const slots = { from: bob.slot!, to: ada.slot! };
  const clear = (payload: Bytes): Bytes => plainFrame(payload, slots.from, slots.to);

  const byes: Bytes[] = [];
  town.meddle = (frame, from) => {
    if (from === bob) byes.push(frame);
    return from === bob ? [] : [frame];
  };
  await bob.channel.bye();
  await town.settle();

  const mallory = await Identity.create(nodeCrypto, seededFill(99));
  const fields = { slot: slots.from, nonce: new Uint8Array(16).fill(5), echo: NO_ECHO };
  town.hand(ada, clear(await writeHello(nodeCrypto, link, mallory, fields)));
  await town.settle();
  const pair = await pairKey(nodeCrypto, link, ZEROS, bobs, adas);
  const offer = { generation: 9, step: 0, base_key: new Uint8Array(32).fill(6) };
  const key = clear(sealKey(seededFill(98), pair, offer));
  const [bye] = byes;
  town.hand(ada, turns < 0 ? bye! : key);
  await town.nudge(Math.abs(turns));
  town.hand(ada, turns < 0 ? key : bye!);
  await town.settle();
  // What bob said himself, played again, is the latest of his slot once more.
  for (const hello of payloadsOf(town, bob, HELLO)) town.hand(ada, clear(hello));
  await town.run(2_000);

  const back = await pairKey(nodeCrypto, link, ZEROS, adas, bobs);
  return payloadsOf(town, ada, KEY).some((key) => openKey(back, key) !== undefined);
}

it('a KEY is not opened with the secret of a member that leaves meanwhile', async () => {
  const known: boolean[] = [];
  for (let turns = -5; turns < 2; turns++) known.push(await playOut(turns));
  expect(known).toEqual(known.map(() => false));
});
