import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import fc from 'fast-check';
import nacl from 'tweetnacl';
import { describe, expect, it } from 'vitest';
import { chain } from '../../../client/src/e2ee/awaitable.ts';
import type { Awaitable } from '../../../client/src/e2ee/awaitable.ts';
import { concat, utf8 } from '../../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import { isSoundPublicKey, pkcs8Of, publicKeyOf } from '../../../client/src/e2ee/ed25519.ts';
import { hkdf, hkdfExpand, hkdfExtract } from '../../../client/src/e2ee/hkdf.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { hex, tampered, unhex } from '../../support/e2ee.ts';

const SEED = new Uint8Array(32).fill(5);
const MESSAGE = utf8('to whom it may concern');

/** Little-endian numbers modulo 2^256. */
const toNumber = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const toBytes = (value: bigint): Bytes =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

/** What each platform says of a signature, whatever key it is under. */
async function verdicts(public_key: Bytes, message: Bytes, signature: Bytes): Promise<boolean[]> {
  return Promise.all(
    CRYPTO_PORTS.map(async ({ port }) => {
      const verifier = await port.verifier(public_key);
      return verifier !== undefined && (await verifier.verify(message, signature));
    }),
  );
}
const REFUSED = CRYPTO_PORTS.map(() => false);
const ACCEPTED = CRYPTO_PORTS.map(() => true);

/** y of the points whose order divides 8: from the addition law, not from the code's own list. */
function smallOrderY(): bigint[] {
  const mod = (value: bigint): bigint => ((value % P) + P) % P;
  const power = (base: bigint, exponent: bigint): bigint => {
    let result = 1n;
    for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square)) {
      if (rest & 1n) result = mod(result * square);
    }
    return result;
  };
  const inverse = (value: bigint): bigint => power(value, P - 2n);
  const d = mod(-121665n * inverse(121666n));
  const root = (square: bigint): bigint | undefined => {
    const candidate = power(square, (P + 3n) / 8n);
    const other = mod(candidate * power(2n, (P - 1n) / 4n));
    return [candidate, other].find((x) => mod(x * x) === mod(square));
  };
  // A point of order 8 doubled has order 4, that is y = 0: x² + y² = 0. With -x² + y² = 1 + d·x²·y² that is
  // d·y⁴ + 2·y² - 1 = 0.
  const under = root(mod(1n + d));
  const squares = [under!, mod(-under!)].map((s) => mod((s - 1n) * inverse(d)));
  const y = squares.map(root).find((found) => found !== undefined)!;
  return [0n, 1n, P - 1n, y, P - y];
}

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

  it('derives the keys of RFC 5869, test cases 1 to 3', async () => {
    const range = (from: number, to: number): Bytes =>
      Uint8Array.from({ length: to - from }, (_, i) => from + i);
    const ones = new Uint8Array(22).fill(0x0b);
    const cases = [
      [
        ones,
        range(0, 13),
        range(0xf0, 0xfa),
        42,
        '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
      ],
      [
        range(0, 0x50),
        range(0x60, 0xb0),
        range(0xb0, 0x100),
        82,
        'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
      ],
      [
        ones,
        range(0, 0),
        range(0, 0),
        42,
        '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
      ],
    ] as const;
    for (const [secret, salt, info, length, expected] of cases) {
      expect(hex(await hkdf(port, secret, salt, info, length))).toBe(expected);
      const key = await hkdfExtract(port, 'SHA-256', salt, secret);
      expect(hex(await hkdfExpand(port, 'SHA-256', key, info, length))).toBe(expected);
    }
  });

  it('seals with AES-GCM behind the room that it is told to leave, and refuses every turned bit', async () => {
    for (const length of [16, 32]) {
      const key = await port.aesGcm(new Uint8Array(length).fill(1));
      const [nonce, aad] = [new Uint8Array(12).fill(2), Uint8Array.of(3)];
      const sealed = await key.seal(nonce, aad, MESSAGE, 4);
      expect(hex(sealed.subarray(0, 4))).toBe('00000000');
      expect(await key.open(nonce, aad, sealed, 4)).toEqual(MESSAGE);
      for (const { at, bytes } of tampered(sealed, 4)) {
        expect(await key.open(nonce, aad, bytes, 4), `byte ${at}`).toBeUndefined();
      }
      expect(await key.open(nonce, Uint8Array.of(2), sealed, 4)).toBeUndefined();
      expect(await key.open(nonce.fill(1), aad, sealed, 4)).toBeUndefined();
      expect(await key.open(nonce, aad, sealed.slice(0, 19), 4)).toBeUndefined();
    }
  });

  it('gives plaintexts whose slice is a copy', async () => {
    const key = await port.aesGcm(SEED);
    const nonce = new Uint8Array(12);
    const opened = (await key.open(nonce, nonce, await key.seal(nonce, nonce, MESSAGE, 0), 0))!;
    opened.slice().fill(0);
    expect(opened).toEqual(MESSAGE);
  });

  it('signs as RFC 8032 §7.1 does, test 3, until the key is erased', async () => {
    const seed = unhex('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7');
    const signer = await port.signer(seed);
    expect(hex(publicKeyOf(seed))).toBe('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025');
    expect(hex(await signer.sign(unhex('af82')))).toBe(
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    );
    signer.erase();
    expect(() => signer.sign(MESSAGE)).toThrow('erased');
  });

  it('keeps no key by reference: what was passed in may be erased', async () => {
    const seed = SEED.slice();
    const signer = await port.signer(seed);
    const public_key = publicKeyOf(SEED);
    const verifier = (await port.verifier(public_key))!;
    const aead = await port.aesGcm(seed);
    seed.fill(0);
    public_key.fill(0);
    expect(await verifier.verify(MESSAGE, await signer.sign(MESSAGE))).toBe(true);
    const nonce = new Uint8Array(12);
    const same = await port.aesGcm(SEED);
    expect(await same.open(nonce, nonce, await aead.seal(nonce, nonce, MESSAGE, 0), 0)).toEqual(MESSAGE);
  });
});

describe.each(CRYPTO_PORTS)('$name reads what it is given before its calls return:', ({ port }) => {
  const nonce = new Uint8Array(12).fill(3);

  it.each<[string, Bytes[], (...inputs: Bytes[]) => Awaitable<unknown>]>([
    ['sha256', [MESSAGE], (data) => port.sha256(data)],
    ['hmac', [SEED, MESSAGE], (key, data) => port.hmac('SHA-256', key, data)],
    ['pbkdf2', [SEED, MESSAGE], (password, salt) => port.pbkdf2(password, salt, 2, 32)],
    [
      'aesGcm',
      [SEED],
      (key) => chain(port.aesGcm(key), async (aead) => aead.seal(nonce, MESSAGE, MESSAGE, 0)),
    ],
    ['signer', [SEED], (seed) => chain(port.signer(seed), async (signer) => signer.sign(MESSAGE))],
    [
      'verifier',
      [publicKeyOf(SEED)],
      (key) => chain(port.verifier(key), (verifier) => verifier !== undefined),
    ],
  ])('%s', async (_, inputs, call) => {
    const expected = await call(...inputs);
    const given = inputs.map((bytes) => bytes.slice());
    const result = call(...given);
    for (const bytes of given) bytes.fill(0);
    expect(await result).toEqual(expected);
  });
});

describe('Ed25519: one verdict on every platform', () => {
  const public_key = publicKeyOf(SEED);
  const sign = async (message: Bytes): Promise<Bytes> =>
    (await CRYPTO_PORTS[0]!.port.signer(SEED)).sign(message);

  it('accepts what was signed, and refuses every turned bit of signature, message and key', async () => {
    const signature = await sign(MESSAGE);
    expect(await verdicts(public_key, MESSAGE, signature)).toEqual(ACCEPTED);
    for (const { at, bytes } of tampered(signature)) {
      expect(await verdicts(public_key, MESSAGE, bytes), `byte ${at}`).toEqual(REFUSED);
    }
    for (const { bytes } of tampered(MESSAGE)) {
      expect(await verdicts(public_key, bytes, signature)).toEqual(REFUSED);
    }
    for (const { at, bytes } of tampered(public_key)) {
      expect(await verdicts(bytes, MESSAGE, signature), `byte ${at} of the key`).toEqual(REFUSED);
    }
  });

  it('refuses S + L, which tweetnacl itself takes for the same signature', async () => {
    const signature = await sign(MESSAGE);
    const s = toNumber(signature.subarray(32));
    for (const other of [s + L, s + 2n * L, s + 7n * L]) {
      const forged = concat(signature.subarray(0, 32), toBytes(other));
      expect(nacl.sign.detached.verify(MESSAGE, forged, public_key)).toBe(true);
      expect(await verdicts(public_key, MESSAGE, forged)).toEqual(REFUSED);
    }
    for (const s of [L, L + 1n, 2n ** 255n, 2n ** 256n - 1n]) {
      const forged = concat(signature.subarray(0, 32), toBytes(s));
      expect(await verdicts(public_key, MESSAGE, forged)).toEqual(REFUSED);
    }
  });

  it('refuses keys of small order, under which tweetnacl itself finds signatures for any message', async () => {
    const zero = new Uint8Array(32);
    let lenient = 0;
    for (const y of smallOrderY()) {
      for (const sign of [0n, 1n << 255n]) {
        const key = toBytes(y | sign);
        expect(isSoundPublicKey(key), `key ${hex(key)}`).toBe(false);
        for (const r of [1n, P - 1n]) {
          const signature = concat(toBytes(r), zero);
          for (let i = 0; i < 4; i++) {
            if (nacl.sign.detached.verify(Uint8Array.of(i), signature, key)) lenient++;
            expect(await verdicts(key, Uint8Array.of(i), signature)).toEqual(REFUSED);
          }
        }
      }
    }
    expect(lenient).toBeGreaterThan(10);
  });

  it('refuses an R of small order under a sound key, which tweetnacl itself accepts', async () => {
    // R = 0·B = (0, 1) and S = k·a: valid by the equation. The scalar a is what the private key expands to.
    const expanded = createHash('sha512').update(SEED).digest();
    expanded[0]! &= 248;
    expanded[31] = (expanded[31]! & 127) | 64;
    const a = toNumber(expanded.subarray(0, 32));
    const r = toBytes(1n);
    const k = toNumber(createHash('sha512').update(r).update(public_key).update(MESSAGE).digest()) % L;
    const forged = concat(r, toBytes((k * a) % L));
    expect(nacl.sign.detached.verify(MESSAGE, forged, public_key)).toBe(true);
    expect(await verdicts(public_key, MESSAGE, forged)).toEqual(REFUSED);
  });

  it('refuses keys and R that are not canonical', async () => {
    const signature = await sign(MESSAGE);
    for (let over = 0n; over < 19n; over++) {
      for (const sign of [0n, 1n << 255n]) {
        const point = toBytes((P + over) | sign);
        expect(isSoundPublicKey(point)).toBe(false);
        expect(await verdicts(point, MESSAGE, signature)).toEqual(REFUSED);
        expect(await verdicts(public_key, MESSAGE, concat(point, signature.subarray(32)))).toEqual(REFUSED);
      }
    }
    expect(isSoundPublicKey(toBytes(P - 2n))).toBe(true);
  });

  it('refuses keys that are no point, and keys and signatures of another length', async () => {
    const signature = await sign(MESSAGE);
    // y = 2 is not on the curve.
    expect(await verdicts(toBytes(2n), MESSAGE, signature)).toEqual(REFUSED);
    for (const length of [0, 31, 33]) {
      expect(await verdicts(concat(public_key, public_key).slice(0, length), MESSAGE, signature)).toEqual(
        REFUSED,
      );
    }
    for (const length of [0, 32, 63, 65]) {
      expect(await verdicts(public_key, MESSAGE, concat(signature, signature).slice(0, length))).toEqual(
        REFUSED,
      );
    }
  });

  it('is one on random bytes and on signatures with a few turned bits', async () => {
    const signature = await sign(MESSAGE);
    const turned = fc
      .array(fc.tuple(fc.nat({ max: 95 }), fc.nat({ max: 7 })), { maxLength: 2 })
      .map((turns) => {
        const bytes = concat(public_key, signature);
        for (const [at, bit] of turns) bytes[at]! ^= 1 << bit;
        return bytes;
      });
    const random = fc.uint8Array({ minLength: 96, maxLength: 96 }).map((bytes) => new Uint8Array(bytes));
    await fc.assert(
      fc.asyncProperty(fc.oneof(turned, random), async (bytes) => {
        const all = await verdicts(bytes.slice(0, 32), MESSAGE, bytes.slice(32));
        expect(new Set(all).size).toBe(1);
      }),
    );
  });

  it('has the private key in a form that Node reads as the same key', async () => {
    const { createPrivateKey, createPublicKey } = await import('node:crypto');
    const key = createPrivateKey({ key: Buffer.from(pkcs8Of(SEED)), format: 'der', type: 'pkcs8' });
    const jwk = createPublicKey(key).export({ format: 'jwk' });
    expect(jwk.x).toBe(Buffer.from(public_key).toString('base64url'));
  });
});
