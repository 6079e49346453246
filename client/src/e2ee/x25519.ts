/** Key agreement of two members: `box` of tweetnacl (X25519 and HSalsa20). */
import nacl from 'tweetnacl';
import { concat, equalBytes } from './bytes.ts';
import type { Bytes } from './bytes.ts';

export const BOX_KEY_BYTES = 32;

const ONES = 'ff'.repeat(30);
/**
 * u of all points whose order divides 8, on the curve and its twist, and the encodings of the first two beyond the prime:
 * with each of them the shared secret is zero, whatever the private key (RFC 7748 §6.1).
 */
const LOW_ORDER = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${ONES}7f`,
  `ed${ONES}7f`,
  `ee${ONES}7f`,
].map((hex) => Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)));

/** Whether a public key would give a shared secret that everybody knows. The highest bit says nothing (RFC 7748 §5). */
export function isLowOrder(public_key: Bytes): boolean {
  const key = public_key.slice();
  key[31]! &= 0x7f;
  return LOW_ORDER.some((low) => equalBytes(low, key));
}

/** The public key, 32 bytes, of a private key of 32 random bytes. */
export function boxPublicKeyOf(secret_key: Bytes): Bytes {
  return concat(nacl.scalarMult.base(secret_key));
}

/** `box.before`, 32 bytes: the same for both members. undefined for a public key of low order or of another length. */
export function sharedSecret(own_secret_key: Bytes, their_public_key: Bytes): Bytes | undefined {
  if (their_public_key.length !== BOX_KEY_BYTES || isLowOrder(their_public_key)) return undefined;
  return new Uint8Array(nacl.box.before(their_public_key, own_secret_key).buffer as ArrayBuffer);
}
