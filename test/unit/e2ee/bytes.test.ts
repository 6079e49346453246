import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  concat,
  equalBytes,
  fromBase64Url,
  readU32,
  toBase64Url,
  writeU32,
} from '../../../client/src/e2ee/bytes.ts';

const bytes = fc.uint8Array({ maxLength: 70 });

describe('bytes', () => {
  it('writes base64url as Node does, and reads it back', () => {
    fc.assert(
      fc.property(bytes, (some) => {
        const text = toBase64Url(some);
        expect(text).toBe(Buffer.from(some).toString('base64url'));
        expect(fromBase64Url(text)).toEqual(new Uint8Array(some));
      }),
    );
  });

  it('reads only what it writes: each text that is read is written the same again', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('ABYZabyz0189-_+/= ')), maxLength: 9 });
    fc.assert(
      fc.property(text, (some) => {
        const read = fromBase64Url(some);
        expect(read === undefined || toBase64Url(read) === some).toBe(true);
      }),
    );
    // 'QQ' is one byte; 'QR' has the same byte and bits that belong to none.
    expect(fromBase64Url('QQ')).toEqual(Uint8Array.of(65));
    for (const wrong of ['QR', 'Q', 'QQ==', 'Q+', 'Q Q', 'Qä']) expect(fromBase64Url(wrong)).toBeUndefined();
  });

  it('compares like Node, and finds a difference in any byte', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      }),
    );
    const zeros = new Uint8Array(40);
    for (let at = 0; at < 40; at++) expect(equalBytes(zeros, zeros.with(at, 128))).toBe(false);
    expect(equalBytes(zeros, concat(zeros))).toBe(true);
  });

  it('reads back any 32-bit number', () => {
    const into = new Uint8Array(6);
    fc.assert(
      fc.property(fc.nat({ max: 0xffff_ffff }), (value) => {
        writeU32(into, 1, value);
        expect(readU32(into, 1)).toBe(value);
        expect(Buffer.from(into).readUInt32BE(1)).toBe(value);
      }),
    );
  });
});
