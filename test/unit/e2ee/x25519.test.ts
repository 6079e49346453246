import { createPrivateKey, createPublicKey } from 'node:crypto';
import nacl from 'tweetnacl';
import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../client/src/e2ee/bytes.ts';
import { boxPublicKeyOf, isLowOrder, sharedSecret } from '../../../client/src/e2ee/x25519.ts';
import { hex, seededFill } from '../../support/e2ee.ts';

const toBytes = (value: bigint): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const P = 2n ** 255n - 19n;
const SECRET = new Uint8Array(32).fill(9);
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

describe('X25519', () => {
  it('agrees with box.before, from both ends', () => {
    const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const shared = sharedSecret(a, boxPublicKeyOf(b))!;
    expect(shared).toEqual(sharedSecret(b, boxPublicKeyOf(a)));
    expect(hex(shared)).toBe(hex(nacl.box.before(nacl.box.keyPair.fromSecretKey(b).publicKey, a)));
  });

  it('has the public keys that OpenSSL has', () => {
    for (const value of [1, 77, 255]) {
      const secret = new Uint8Array(32).fill(value);
      // PKCS #8 of an X25519 private key (RFC 8410 §7).
      const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret]);
      const jwk = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({
        format: 'jwk',
      });
      expect(toBase64Url(boxPublicKeyOf(secret))).toBe(jwk.x);
    }
  });

  const low = [
    0n,
    1n,
    325606250916557431795983626356110631294008115727848805560023387167927233504n,
    39382357235489614581723060781553021112529911719440698176882885853963445705823n,
    P - 1n,
    P,
    P + 1n,
  ];

  it.each(low)('refuses u = %s, with which everybody has the same secret', (u) => {
    for (const high of [0n, 1n << 255n]) {
      const key = toBytes(u | high);
      expect(isZero(nacl.scalarMult(SECRET, key))).toBe(true);
      expect(isLowOrder(key)).toBe(true);
      expect(sharedSecret(SECRET, key)).toBeUndefined();
    }
  });

  it('refuses no others: neighbours, every encoding beyond the prime, and random keys give a secret', () => {
    const neighbours = low.flatMap((u) => [u + 1n, u + 2n, u - 1n, u - 2n]);
    const beyond = Array.from({ length: 19 }, (_, i) => P + BigInt(i));
    const fill = seededFill(1);
    const random = Array.from({ length: 50 }, () => {
      const key = new Uint8Array(32);
      fill(key);
      return key;
    });
    const keys = [...neighbours, ...beyond].filter((u) => u >= 0n && u < 2n ** 255n).map(toBytes);
    for (const key of [...keys, ...random]) {
      expect(isLowOrder(key), `key ${hex(key)}`).toBe(isZero(nacl.scalarMult(SECRET, key)));
    }
  });

  it('refuses a key of another length', () => {
    expect(sharedSecret(SECRET, new Uint8Array(31).fill(9))).toBeUndefined();
  });
});
