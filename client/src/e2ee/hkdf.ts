/** HKDF (RFC 5869). */
import { concat, erase } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { CryptoPort, Hash } from './crypto-port.ts';

const HASH_BYTES: Record<Hash, number> = { 'SHA-256': 32, 'SHA-512': 64 };

/** RFC 5869 §2.2; an empty `salt` stands for zeros. */
export async function hkdfExtract(
  crypto: CryptoPort,
  hash: Hash,
  salt: Bytes,
  secret: Bytes,
): Promise<Bytes> {
  return crypto.hmac(hash, salt.length === 0 ? new Uint8Array(HASH_BYTES[hash]) : salt, secret);
}

/** RFC 5869 §2.3: `length` bytes, at most 255 times those of the hash. */
export async function hkdfExpand(
  crypto: CryptoPort,
  hash: Hash,
  key: Bytes,
  info: Bytes,
  length: number,
): Promise<Bytes> {
  const output = new Uint8Array(length);
  let block: Bytes = new Uint8Array(0);
  for (let at = 0, count = 1; at < length; at += block.length, count++) {
    const input = concat(block, info, Uint8Array.of(count));
    erase(block);
    block = await crypto.hmac(hash, key, input);
    erase(input);
    output.set(block.subarray(0, length - at), at);
  }
  erase(block);
  return output;
}

/** Both steps, with SHA-256. */
export async function hkdf(
  crypto: CryptoPort,
  secret: Bytes,
  salt: Bytes,
  info: Bytes,
  length: number,
): Promise<Bytes> {
  const key = await hkdfExtract(crypto, 'SHA-256', salt, secret);
  const output = await hkdfExpand(crypto, 'SHA-256', key, info, length);
  erase(key);
  return output;
}
