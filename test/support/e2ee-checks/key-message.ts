/** KEY as the design has it, and everything that must be refused. */
import { concat } from '../../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import { Identity } from '../../../client/src/e2ee/identity.ts';
import { KEY_BYTES, openKey, pairKey, sealKey } from '../../../client/src/e2ee/key-message.ts';
import type { PairEnd } from '../../../client/src/e2ee/key-message.ts';
import { linkKeys } from '../../../client/src/e2ee/link.ts';
import type { LinkKeys } from '../../../client/src/e2ee/link.ts';
import { assertSame, assertThat } from '../check.ts';
import type { Check } from '../check.ts';
import { allOf, hex, seededFill, tampered } from '../e2ee.ts';

const filled = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const OFFER = { generation: 0x00abcdef, step: 15, base_key: filled(32, 7) };
const OTHER = filled(16, 9);

interface Scene {
  link: LinkKeys;
  ann: Identity;
  bob: Identity;
  from: PairEnd;
  to: PairEnd;
  /** The key of what Ann seals to Bob. */
  pair: Bytes;
}

async function scene(port: CryptoPort): Promise<Scene> {
  const link = await linkKeys(port, '00157', filled(32, 1));
  const [ann, bob] = [await Identity.create(port, seededFill(1)), await Identity.create(port, seededFill(2))];
  const [from, to] = [
    { id: ann.id, nonce: filled(16, 4) },
    { id: bob.id, nonce: filled(16, 6) },
  ];
  const pair = await pairKey(port, link, ann.sharedSecretWith(bob.box_pk)!, from, to);
  return { link, ann, bob, from, to, pair };
}

export const KEY_CHECKS: Check<CryptoPort>[] = [
  {
    name: 'comes from the one of a pair to the other, under a key that both derive',
    async run(port) {
      const { link, ann, bob, from, to, pair } = await scene(port);
      const bobs = await pairKey(port, link, bob.sharedSecretWith(ann.box_pk)!, from, to);
      assertSame(bobs, pair, 'key of the pair');
      assertSame(openKey(bobs, sealKey(seededFill(3), pair, OFFER)), OFFER, 'offer');
    },
  },
  {
    name: 'has another key of the pair where anything is another: link, room, secret, direction, ids, nonces',
    async run(port) {
      const { link, ann, bob, from, to, pair } = await scene(port);
      const shared = ann.sharedSecretWith(bob.box_pk)!;
      const all = await allOf([
        pair,
        pairKey(port, { ...link, k_psk: filled(32, 9) }, shared, from, to),
        pairKey(port, { ...link, room: OTHER }, shared, from, to),
        pairKey(port, link, filled(32, 9), from, to),
        pairKey(port, link, shared, to, from),
        pairKey(port, link, shared, { ...from, id: OTHER }, to),
        pairKey(port, link, shared, { ...from, nonce: OTHER }, to),
        pairKey(port, link, shared, from, { ...to, id: OTHER }),
        pairKey(port, link, shared, from, { ...to, nonce: OTHER }),
      ]);
      assertSame(new Set(all.map(hex)).size, all.length, 'number of keys');
    },
  },
  {
    name: 'has 78 bytes, and a fresh nonce each time',
    async run(port) {
      const { pair } = await scene(port);
      const fill = seededFill(1);
      const [first, second] = [sealKey(fill, pair, OFFER), sealKey(fill, pair, OFFER)];
      assertSame([first.length, first[0]], [KEY_BYTES, 2], 'length and first byte');
      assertThat(hex(first.subarray(1, 25)) !== hex(second.subarray(1, 25)), 'the nonce comes twice');
      assertSame(openKey(pair, second), OFFER, 'offer');
    },
  },
  {
    name: 'is refused with any bit turned, cut short, lengthened, or under another key',
    async run(port) {
      const { pair } = await scene(port);
      const sealed = sealKey(seededFill(1), pair, OFFER);
      for (const { at, bytes } of tampered(sealed)) {
        assertSame(openKey(pair, bytes), undefined, `offer with byte ${at} turned`);
      }
      assertSame(openKey(pair, sealed.slice(0, 77)), undefined, 'offer of a KEY cut short');
      assertSame(openKey(pair, concat(sealed, filled(1, 0))), undefined, 'offer of a KEY lengthened');
      for (const { bytes } of tampered(pair)) {
        assertSame(openKey(bytes, sealed), undefined, 'offer under another key');
      }
    },
  },
  {
    name: 'is refused with a generation or step that cannot be',
    async run(port) {
      const { pair } = await scene(port);
      for (const wrong of [
        { generation: 2 ** 24 },
        { generation: 2 ** 32 - 1 },
        { step: 16 },
        { step: 255 },
      ]) {
        const sealed = sealKey(seededFill(1), pair, { ...OFFER, ...wrong });
        assertSame(openKey(pair, sealed), undefined, `offer of ${JSON.stringify(wrong)}`);
      }
    },
  },
];
