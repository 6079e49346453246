/** The AES-GCM suites of SFrame (RFC 9605 §4.5) and their key schedule (§4.4.2, §5.1). */
import { concat, erase, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import type { CryptoPort, Hash } from '../crypto-port.ts';
import { hkdfExpand, hkdfExtract } from '../hkdf.ts';
import type { Unsigned } from './header.ts';

export interface Suite {
  /** Its number in the registry. */
  id: number;
  hash: Hash;
  /** Nh, Nk: bytes of the hash and of the key. */
  hash_bytes: number;
  key_bytes: number;
}

/** Nn: bytes of the nonce and thus of the salt. */
export const NONCE_BYTES = 12;

export const AES_128_GCM_SHA256_128: Suite = { id: 4, hash: 'SHA-256', hash_bytes: 32, key_bytes: 16 };
export const AES_256_GCM_SHA512_128: Suite = { id: 5, hash: 'SHA-512', hash_bytes: 64, key_bytes: 32 };

/** What rooms use: the 32 bytes of a KEY are as many as its hash has. */
export const ROOM_SUITE = AES_128_GCM_SHA256_128;

const NO_SALT: Bytes = new Uint8Array(0);
const RATCHET = utf8('SFrame 1.0 Ratchet');

/** `text`, KID in eight bytes, suite in two. */
export function keyLabel(text: string, kid: Unsigned, suite: Suite): Bytes {
  const numbers = new DataView(new ArrayBuffer(10));
  numbers.setBigUint64(0, BigInt(kid));
  numbers.setUint16(8, suite.id);
  return concat(utf8(text), new Uint8Array(numbers.buffer));
}

/** sframe_secret: what key and salt of each KID come from. */
export function sframeSecret(crypto: CryptoPort, suite: Suite, base_key: Bytes): Promise<Bytes> {
  return hkdfExtract(crypto, suite.hash, NO_SALT, base_key);
}

/** sframe_key and sframe_salt of one KID. */
export async function deriveKeyAndSalt(
  crypto: CryptoPort,
  suite: Suite,
  secret: Bytes,
  kid: Unsigned,
): Promise<{ key: Bytes; salt: Bytes }> {
  const expand = (text: string, length: number): Promise<Bytes> =>
    hkdfExpand(crypto, suite.hash, secret, keyLabel(text, kid, suite), length);
  return {
    key: await expand('SFrame 1.0 Secret key ', suite.key_bytes),
    salt: await expand('SFrame 1.0 Secret salt ', NONCE_BYTES),
  };
}

/** The base key that follows on `base_key`: there is no way back from it. */
export async function ratchetBaseKey(crypto: CryptoPort, suite: Suite, base_key: Bytes): Promise<Bytes> {
  const secret = await sframeSecret(crypto, suite, base_key);
  const next = await hkdfExpand(crypto, suite.hash, secret, RATCHET, suite.hash_bytes);
  erase(secret);
  return next;
}
