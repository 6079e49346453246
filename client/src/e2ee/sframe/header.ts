/**
 * The header of an SFrame ciphertext (RFC 9605 §4.3): a byte `X:1 K:3 | Y:1 C:3`, then KID and CTR. Below 8 a value stands
 * in K or C itself; otherwise X or Y is set, and K or C is the number of its bytes less one.
 */

/** KID and CTR go up to 2^64 - 1: a bigint beyond `Number.MAX_SAFE_INTEGER`, a number up to there. */
export type Unsigned = number | bigint;

export interface SframeHeader {
  kid: Unsigned;
  ctr: Unsigned;
  /** Bytes of the header, 1–17. */
  length: number;
}

export const MAX_HEADER_BYTES = 17;

/** Bytes that `value` takes behind the first; 0 where it stands in that. */
function bytesOf(value: Unsigned): number {
  if (value < 8) return 0;
  if (typeof value === 'bigint') return Math.ceil(value.toString(16).length / 2);
  let bytes = 1;
  for (let limit = 256; value >= limit; limit *= 256) bytes++;
  return bytes;
}

function writeField(into: Uint8Array, at: number, bytes: number, value: Unsigned): void {
  if (typeof value === 'bigint') {
    for (let i = bytes - 1, rest = value; i >= 0; i--, rest >>= 8n) into[at + i] = Number(rest & 0xffn);
    return;
  }
  for (let i = bytes - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) into[at + i] = rest % 256;
}

function checkUnsigned(name: string, value: Unsigned): void {
  const sound =
    typeof value === 'bigint' ? value >= 0n && value < 2n ** 64n : Number.isSafeInteger(value) && value >= 0;
  if (!sound) throw new RangeError(`${name} must be an integer from 0 to 2^64 - 1, a bigint beyond 2^53 - 1`);
}

/** Bytes of the header for `kid` and `ctr`. */
export function headerLength(kid: Unsigned, ctr: Unsigned): number {
  return 1 + bytesOf(kid) + bytesOf(ctr);
}

/** Writes the header at `at` of `into`, which must have room for it. Throws RangeError for what is no KID or CTR. */
export function writeHeader(into: Uint8Array, at: number, kid: Unsigned, ctr: Unsigned): void {
  checkUnsigned('kid', kid);
  checkUnsigned('ctr', ctr);
  const kid_bytes = bytesOf(kid);
  const ctr_bytes = bytesOf(ctr);
  const k = kid_bytes === 0 ? Number(kid) : 8 | (kid_bytes - 1);
  const c = ctr_bytes === 0 ? Number(ctr) : 8 | (ctr_bytes - 1);
  into[at] = (k << 4) | c;
  writeField(into, at + 1, kid_bytes, kid);
  writeField(into, at + 1 + kid_bytes, ctr_bytes, ctr);
}

/** undefined where it is cut short, or where fewer bytes would have done. */
function readField(bytes: Uint8Array, at: number, nibble: number): Unsigned | undefined {
  if (nibble < 8) return nibble;
  const length = nibble - 7;
  if (bytes.length < at + length || bytes[at] === 0) return undefined;
  if (length > 6) {
    let value = 0n;
    for (let i = 0; i < length; i++) value = (value << 8n) | BigInt(bytes[at + i]!);
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i]!;
  return value < 8 ? undefined : value;
}

/** The header at `start` of `bytes`; undefined for one that is cut short or not in its shortest form. */
export function readHeader(bytes: Uint8Array, start = 0): SframeHeader | undefined {
  const first = bytes[start];
  if (first === undefined) return undefined;
  const kid = readField(bytes, start + 1, first >>> 4);
  if (kid === undefined) return undefined;
  const kid_end = first < 0x80 ? 1 : (first >>> 4) - 6;
  const ctr = readField(bytes, start + kid_end, first & 15);
  if (ctr === undefined) return undefined;
  return { kid, ctr, length: kid_end + ((first & 8) === 0 ? 0 : (first & 7) + 1) };
}
