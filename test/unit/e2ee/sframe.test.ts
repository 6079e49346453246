import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  headerLength,
  MAX_HEADER_BYTES,
  readHeader,
  writeHeader,
} from '../../../client/src/e2ee/sframe/header.ts';
import type { Unsigned } from '../../../client/src/e2ee/sframe/header.ts';
import { SframeKey } from '../../../client/src/e2ee/sframe/sframe-key.ts';
import {
  AES_128_GCM_SHA256_128,
  deriveKeyAndSalt,
  sframeSecret,
} from '../../../client/src/e2ee/sframe/suite.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { SFRAME_CHECKS } from '../../support/e2ee-checks/sframe.ts';
import { hex, unhex } from '../../support/e2ee.ts';

/** As the header module has it: a number where that is exact. */
function unsigned(value: bigint): Unsigned {
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function encode(kid: Unsigned, ctr: Unsigned): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headerLength(kid, ctr));
  writeHeader(bytes, 0, kid, ctr);
  return bytes;
}

describe('SFrame header (RFC 9605 §4.3)', () => {
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
  it.each(SFRAME_CHECKS)('$name', async ({ run }) => {
    await expect(run(port)).resolves.toBeUndefined();
  });
});

describe('SframeKey', () => {
  it('neither seals nor opens once it is erased, and its salt is overwritten', async () => {
    const secret = await sframeSecret(nodeCrypto, AES_128_GCM_SHA256_128, new Uint8Array(32));
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
