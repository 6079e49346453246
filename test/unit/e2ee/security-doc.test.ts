import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packKid } from '../../../client/src/e2ee/kid.ts';
import { formatLink, linkKeys } from '../../../client/src/e2ee/link.ts';
import { deriveKeyAndSalt, ROOM_SUITE, sframeSecret } from '../../../client/src/e2ee/sframe/suite.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { hex } from '../../support/e2ee.ts';

const doc = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');

/** What stands behind a name in an example. */
function example(name: string): string {
  return new RegExp(`^${name} +(\\S+)$`, 'm').exec(doc)?.[1] ?? '';
}

describe.each(CRYPTO_PORTS)('the examples of docs/security.md, on $name', ({ port }) => {
  const secret = Uint8Array.from({ length: 32 }, (_, i) => i);

  it('are what comes of the link', async () => {
    const { room, k_mac, k_psk } = await linkKeys(port, '00157', secret);
    expect(example('link')).toBe(formatLink('https://app.example', '00157', secret));
    expect([example('room'), example('kMac'), example('kPsk')]).toEqual([hex(room), hex(k_mac), hex(k_psk)]);
  });

  it('are what comes of a base key', async () => {
    const kid = packKid({ generation: 2, step: 3, context: 1 });
    expect(doc).toContain(`(KID ${kid})`);
    const of = await sframeSecret(port, ROOM_SUITE, new Uint8Array(32).fill(0xbb));
    const { key, salt } = await deriveKeyAndSalt(port, ROOM_SUITE, of, kid);
    expect([example('key'), example('salt')]).toEqual([hex(key), hex(salt)]);
  });
});
