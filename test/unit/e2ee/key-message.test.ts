import { hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concat, utf8 } from '../../../client/src/e2ee/bytes.ts';
import { pairKey } from '../../../client/src/e2ee/key-message.ts';
import { linkKeys } from '../../../client/src/e2ee/link.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { KEY_CHECKS } from '../../support/e2ee-checks/key-message.ts';
import { hex } from '../../support/e2ee.ts';

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const SHARED = filled(32, 2);
const ANN = { id: filled(16, 3), nonce: filled(16, 4) };
const BOB = { id: filled(16, 5), nonce: filled(16, 6) };

describe('the key of a pair', () => {
  it.each(CRYPTO_PORTS)('is that of the design on $name', async ({ port }) => {
    const link = await linkKeys(nodeCrypto, '00157', filled(32, 1));
    const info = concat(utf8('AR1 pair'), link.room, ANN.id, BOB.id, ANN.nonce, BOB.nonce);
    const expected = hkdfSync('sha256', SHARED, link.k_psk, info, 32);
    expect(hex(await pairKey(port, link, SHARED, ANN, BOB))).toBe(hex(new Uint8Array(expected)));
  });
});

describe.each(CRYPTO_PORTS)('KEY on $name', ({ port }) => {
  it.each(KEY_CHECKS)('$name', async ({ run }) => {
    await expect(run(port)).resolves.toBeUndefined();
  });
});
