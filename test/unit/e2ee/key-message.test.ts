import { hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concat, utf8 } from '../../../client/src/e2ee/bytes.ts';
import { KEY_BYTES, openKey, pairKey, sealKey } from '../../../client/src/e2ee/key-message.ts';
import { linkKeys } from '../../../client/src/e2ee/link.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { allOf, hex, seededFill, tampered } from '../../support/e2ee.ts';

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);
const link = await linkKeys(nodeCrypto, '00157', bytes(32, 1));
const SHARED = bytes(32, 2);
const ANN = { id: bytes(16, 3), nonce: bytes(16, 4) };
const BOB = { id: bytes(16, 5), nonce: bytes(16, 6) };
const OFFER = { generation: 0x00abcdef, step: 15, base_key: bytes(32, 7) };
const pair = await pairKey(nodeCrypto, link, SHARED, ANN, BOB);

describe('the key of a pair', () => {
  it.each(CRYPTO_PORTS)('is that of the design on $name', async ({ port }) => {
    const info = concat(utf8('AR1 pair'), link.room, ANN.id, BOB.id, ANN.nonce, BOB.nonce);
    const expected = hkdfSync('sha256', SHARED, link.k_psk, info, 32);
    expect(hex(await pairKey(port, link, SHARED, ANN, BOB))).toBe(hex(new Uint8Array(expected)));
  });

  it('is another where anything is: link, room, secret, direction, ids, nonces', async () => {
    const other = bytes(16, 9);
    const all = await allOf([
      pair,
      pairKey(nodeCrypto, { ...link, k_psk: bytes(32, 9) }, SHARED, ANN, BOB),
      pairKey(nodeCrypto, { ...link, room: other }, SHARED, ANN, BOB),
      pairKey(nodeCrypto, link, bytes(32, 9), ANN, BOB),
      pairKey(nodeCrypto, link, SHARED, BOB, ANN),
      pairKey(nodeCrypto, link, SHARED, { ...ANN, id: other }, BOB),
      pairKey(nodeCrypto, link, SHARED, { ...ANN, nonce: other }, BOB),
      pairKey(nodeCrypto, link, SHARED, ANN, { ...BOB, id: other }),
      pairKey(nodeCrypto, link, SHARED, ANN, { ...BOB, nonce: other }),
    ]);
    expect(new Set(all.map(hex)).size).toBe(all.length);
  });
});

describe('KEY', () => {
  const sealed = sealKey(seededFill(1), pair, OFFER);

  it('has 78 bytes, a fresh nonce each time, and is read back', () => {
    expect(sealed).toHaveLength(KEY_BYTES);
    expect(sealed[0]).toBe(2);
    const fill = seededFill(1);
    const [first, second] = [sealKey(fill, pair, OFFER), sealKey(fill, pair, OFFER)];
    expect(first).toEqual(sealed);
    expect(second.subarray(1, 25)).not.toEqual(first.subarray(1, 25));
    expect(openKey(pair, sealed)).toEqual(OFFER);
    expect(openKey(pair, second)).toEqual(OFFER);
  });

  it('is refused with any bit turned, cut short, lengthened, or under another key', () => {
    for (const { at, bytes } of tampered(sealed)) expect(openKey(pair, bytes), `byte ${at}`).toBeUndefined();
    expect(openKey(pair, sealed.slice(0, 77))).toBeUndefined();
    expect(openKey(pair, concat(sealed, bytes(1, 0)))).toBeUndefined();
    for (const { bytes } of tampered(pair)) expect(openKey(bytes, sealed)).toBeUndefined();
  });

  it.each([
    { ...OFFER, generation: 2 ** 24 },
    { ...OFFER, generation: 2 ** 32 - 1 },
    { ...OFFER, step: 16 },
    { ...OFFER, step: 255 },
  ])('is refused with generation $generation, step $step', (offer) => {
    expect(openKey(pair, sealKey(seededFill(1), pair, offer))).toBeUndefined();
  });
});
