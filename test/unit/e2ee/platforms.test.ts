import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pkcs8Of, publicKeyOf } from '../../../client/src/e2ee/ed25519.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { ED25519_CHECKS, verdictsOnNoise } from '../../support/e2ee-checks/ed25519.ts';
import { PLATFORM_CHECKS } from '../../support/e2ee-checks/platform.ts';
import { allOf, hex } from '../../support/e2ee.ts';

describe.each(CRYPTO_PORTS)('$name', ({ port }) => {
  it('hashes, authenticates and stretches as Node does', async () => {
    const data = fc.uint8Array({ maxLength: 200 });
    const key = fc.uint8Array({ minLength: 1, maxLength: 140 });
    await fc.assert(
      fc.asyncProperty(key, data, async (key, data) => {
        const [k, d] = [new Uint8Array(key), new Uint8Array(data)];
        expect(hex(await port.sha256(d))).toBe(createHash('sha256').update(d).digest('hex'));
        for (const hash of ['SHA-256', 'SHA-512'] as const) {
          const expected = createHmac(hash.replace('-', ''), k).update(d).digest('hex');
          expect(hex(await port.hmac(hash, k, d))).toBe(expected);
        }
        expect(hex(await port.pbkdf2(k, d, 3, 30))).toBe(pbkdf2Sync(k, d, 3, 30, 'sha256').toString('hex'));
      }),
      { numRuns: 30 },
    );
  });

  it.each([...PLATFORM_CHECKS, ...ED25519_CHECKS])('$name', async ({ run }) => {
    await expect(run(port)).resolves.toBeUndefined();
  });
});

describe('Ed25519', () => {
  it('has one verdict on every platform on random bytes and on signatures with a few turned bits', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const [first, ...others] = await allOf(CRYPTO_PORTS.map(({ port }) => verdictsOnNoise(port, seed, 48)));
    expect(others, `seed ${seed}`).toEqual(others.map(() => first));
    expect(first).toContain('1');
    expect(first).toContain('0');
  });

  it('has the private key in a form that Node reads as the same key', async () => {
    const { createPrivateKey, createPublicKey } = await import('node:crypto');
    const seed = new Uint8Array(32).fill(5);
    const key = createPrivateKey({ key: Buffer.from(pkcs8Of(seed)), format: 'der', type: 'pkcs8' });
    const jwk = createPublicKey(key).export({ format: 'jwk' });
    expect(jwk.x).toBe(Buffer.from(publicKeyOf(seed)).toString('base64url'));
  });
});
