import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../../client/src/e2ee/bytes.ts';
import {
  headerLength,
  MAX_HEADER_BYTES,
  readHeader,
  writeHeader,
} from '../../../client/src/e2ee/sframe/header.ts';
import type { Unsigned } from '../../../client/src/e2ee/sframe/header.ts';
import { deriveSframeKey } from '../../../client/src/e2ee/sframe/sframe-key.ts';
import {
  AES_128_GCM_SHA256_128,
  AES_256_GCM_SHA512_128,
  deriveKeyAndSalt,
  keyLabel,
  ratchetBaseKey,
  sframeSecret,
} from '../../../client/src/e2ee/sframe/suite.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { allOf, hex, tampered, unhex } from '../../support/e2ee.ts';

type Texts<Names extends string> = Record<Names, string>;
type SframeVector = { cipher_suite: number } & Texts<
  'kid' | 'ctr' | 'base_key' | 'sframe_key_label' | 'sframe_salt_label' | 'sframe_secret' | 'sframe_key'
> &
  Texts<'sframe_salt' | 'metadata' | 'nonce' | 'aad' | 'pt' | 'ct'>;

const vectors = JSON.parse(readFileSync(new URL('../../vectors/sframe.json', import.meta.url), 'utf8')) as {
  header: Texts<'kid' | 'ctr' | 'encoded'>[];
  sframe: SframeVector[];
};

const SUITES = [AES_128_GCM_SHA256_128, AES_256_GCM_SHA512_128];

/** As the header module has it: a number where that is exact. */
function unsigned(text: string | bigint): Unsigned {
  const value = BigInt(text);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function encode(kid: Unsigned, ctr: Unsigned): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headerLength(kid, ctr));
  writeHeader(bytes, 0, kid, ctr);
  return bytes;
}

describe('SFrame header (RFC 9605 §4.3)', () => {
  it('is that of every vector of the RFC, in both directions', () => {
    expect(vectors.header).toHaveLength(289);
    for (const { kid, ctr, encoded } of vectors.header) {
      expect(hex(encode(unsigned(kid), unsigned(ctr))), `${kid} ${ctr}`).toBe(encoded);
      expect(hex(encode(BigInt(kid), BigInt(ctr))), `${kid} ${ctr} as bigint`).toBe(encoded);
      expect(readHeader(unhex(encoded)), `header ${encoded}`).toEqual({
        kid: unsigned(kid),
        ctr: unsigned(ctr),
        length: encoded.length / 2,
      });
    }
  });

  const value = fc
    .oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 70_000n }))
    .map(unsigned);

  it('reads back what it wrote, wherever it stands', () => {
    fc.assert(
      fc.property(value, value, fc.nat({ max: 9 }), (kid, ctr, at) => {
        const length = headerLength(kid, ctr);
        expect(length).toBeLessThanOrEqual(MAX_HEADER_BYTES);
        const bytes = new Uint8Array(at + length + 3).fill(0xaa);
        writeHeader(bytes, at, kid, ctr);
        expect(readHeader(bytes, at)).toEqual({ kid, ctr, length });
        expect(hex(bytes.subarray(at + length))).toBe('aaaaaa');
      }),
    );
  });

  it('has one form for each KID and CTR: what is read is written the same again', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 18 }), (bytes) => {
        const header = readHeader(bytes);
        if (header === undefined) return;
        read++;
        expect(hex(encode(header.kid, header.ctr))).toBe(hex(bytes.subarray(0, header.length)));
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it.each([
    '',
    '08',
    '80',
    '8001',
    '0807',
    '0800',
    '8007',
    '0900ff',
    '09ff',
    '9000ff01',
    '98ff',
    '0f00ffffffffffffff',
  ])('refuses %s: cut short, or longer than it need be', (text) => {
    expect(readHeader(unhex(text))).toBeUndefined();
  });

  it('writes nothing but integers up to 2^64 - 1', () => {
    const bytes = new Uint8Array(20);
    for (const wrong of [-1, 1.5, Number.NaN, 2 ** 53, -1n, 2n ** 64n]) {
      expect(() => writeHeader(bytes, 0, wrong, 0)).toThrow(RangeError);
      expect(() => writeHeader(bytes, 0, 0, wrong)).toThrow(RangeError);
    }
  });
});

describe.each(CRYPTO_PORTS)('SFrame on $name', ({ port }) => {
  it.each(vectors.sframe)('agrees with the vector of suite $cipher_suite in every figure', async (vector) => {
    const suite = SUITES.find(({ id }) => id === vector.cipher_suite)!;
    const [kid, ctr] = [Number(vector.kid), Number(vector.ctr)];
    expect(hex(keyLabel('SFrame 1.0 Secret key ', kid, suite))).toBe(vector.sframe_key_label);
    expect(hex(keyLabel('SFrame 1.0 Secret salt ', kid, suite))).toBe(vector.sframe_salt_label);
    const secret = await sframeSecret(port, suite, unhex(vector.base_key));
    expect(hex(secret)).toBe(vector.sframe_secret);
    const { key, salt } = await deriveKeyAndSalt(port, suite, secret, kid);
    expect(hex(key)).toBe(vector.sframe_key);
    expect(hex(salt)).toBe(vector.sframe_salt);

    const sframe = await deriveSframeKey(port, suite, secret, kid);
    const metadata = unhex(vector.metadata);
    const sealed = await sframe.seal(ctr, metadata, unhex(vector.pt));
    expect(hex(sealed)).toBe(vector.ct);
    expect(await sframe.open(sealed, 0, readHeader(sealed)!, metadata)).toEqual(unhex(vector.pt));
    // The AAD and the nonce themselves, under a key of the platform.
    const aead = await port.aesGcm(unhex(vector.sframe_key));
    const body = await aead.seal(unhex(vector.nonce), unhex(vector.aad), unhex(vector.pt), 0);
    expect(vector.ct.endsWith(hex(body))).toBe(true);
  });

  it('refuses every turned bit of header, ciphertext, tag and metadata, and every cut', async () => {
    const secret = await sframeSecret(port, AES_128_GCM_SHA256_128, new Uint8Array(32).fill(1));
    const key = await deriveSframeKey(port, AES_128_GCM_SHA256_128, secret, 0x123);
    const metadata = new Uint8Array(5).fill(7);
    const sealed = await key.seal(0x4567, metadata, new Uint8Array(20));
    const opens = async (bytes: Uint8Array<ArrayBuffer>, about = metadata): Promise<boolean> => {
      const header = readHeader(bytes);
      return header !== undefined && (await key.open(bytes, 0, header, about)) !== undefined;
    };
    expect(await opens(sealed)).toBe(true);
    for (const { at, bytes } of tampered(sealed)) expect(await opens(bytes), `byte ${at}`).toBe(false);
    for (const { at, bytes } of tampered(metadata))
      expect(await opens(sealed, bytes), `byte ${at}`).toBe(false);
    for (let end = 0; end < sealed.length; end++) {
      expect(await opens(sealed.slice(0, end)), `${end} bytes`).toBe(false);
    }
    expect(await opens(concat(sealed, Uint8Array.of(0)))).toBe(false);
  });

  it('opens an empty plaintext, and numbers beyond 2^53', async () => {
    const secret = await sframeSecret(port, AES_256_GCM_SHA512_128, new Uint8Array(16));
    const key = await deriveSframeKey(port, AES_256_GCM_SHA512_128, secret, 2n ** 64n - 1n);
    const none = new Uint8Array(0);
    const sealed = await key.seal(2n ** 63n + 1n, none, none);
    expect(sealed).toHaveLength(17 + 16);
    expect(await key.open(sealed, 0, readHeader(sealed)!, none)).toEqual(none);
  });

  it('seals at once what is asked at once, each with its own number and metadata', async () => {
    const secret = await sframeSecret(port, AES_128_GCM_SHA256_128, new Uint8Array(32));
    const key = await deriveSframeKey(port, AES_128_GCM_SHA256_128, secret, 1);
    const about = (i: number) => new Uint8Array(4).fill(i);
    const sealed = await allOf(Array.from({ length: 20 }, (_, i) => key.seal(i, about(i), about(i))));
    const opened = await allOf(sealed.map((bytes, i) => key.open(bytes, 0, readHeader(bytes)!, about(i))));
    expect(opened).toEqual(Array.from({ length: 20 }, (_, i) => about(i)));
  });
});

describe('ratchet (RFC 9605 §5.1)', () => {
  it('gives on every platform what HKDF-Expand(HKDF-Extract("", key), "SFrame 1.0 Ratchet", Nh) is', async () => {
    const { hkdfSync } = await import('node:crypto');
    for (const { port } of CRYPTO_PORTS) {
      for (const [suite, hash] of [
        [AES_128_GCM_SHA256_128, 'sha256'],
        [AES_256_GCM_SHA512_128, 'sha512'],
      ] as const) {
        const base_key = new Uint8Array(32).fill(3);
        const expected = hkdfSync(hash, base_key, '', 'SFrame 1.0 Ratchet', suite.hash_bytes);
        expect(hex(await ratchetBaseKey(port, suite, base_key))).toBe(hex(new Uint8Array(expected)));
      }
    }
  });
});

describe('SframeKey', () => {
  it('neither seals nor opens once it is erased, and its salt is overwritten', async () => {
    const secret = await sframeSecret(nodeCrypto, AES_128_GCM_SHA256_128, new Uint8Array(32));
    const { SframeKey } = await import('../../../client/src/e2ee/sframe/sframe-key.ts');
    const { key: bytes, salt } = await deriveKeyAndSalt(nodeCrypto, AES_128_GCM_SHA256_128, secret, 1);
    const key = new SframeKey(1, await nodeCrypto.aesGcm(bytes), salt);
    const none = new Uint8Array(0);
    const sealed = await key.seal(0, none, none);
    key.erase();
    expect(key.erased).toBe(true);
    expect(hex(salt)).toBe('00'.repeat(12));
    expect(() => key.seal(1, none, none)).toThrow('erased');
    expect(key.open(sealed, 0, readHeader(sealed)!, none)).toBeUndefined();
  });
});
