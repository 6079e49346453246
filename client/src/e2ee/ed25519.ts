/**
 * What implementations of Ed25519 disagree on is refused before any of them is asked, so that all members give one verdict:
 * S ≥ L and encodings that are not canonical (RFC 8032 §5.1.7), and points of small order, which some accept and WebCrypto
 * refuses (Secure Curves in the Web Cryptography API, "Ed25519: Verify"). What is left, all of them judge by the cofactorless
 * equation [S]B = R + [k]A.
 */
import nacl from 'tweetnacl';
import type { Awaitable } from './awaitable.ts';
import { concat, erase } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { Signer, Verifier } from './crypto-port.ts';

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** The numbers of the curve, little-endian. */
function littleEndian(value: bigint): Bytes {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}
const PRIME = 2n ** 255n - 19n;
const PRIME_BYTES = littleEndian(PRIME);
/** L, the order of the base point. */
const ORDER_BYTES = littleEndian(2n ** 252n + 27742317777372353535851937790883648493n);
/** y of a point of order 8; -y belongs to the other two. */
const Y_OF_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** y of all eight points whose order divides 8, whatever the sign of x. */
const SMALL_ORDER = [0n, 1n, PRIME - 1n, Y_OF_ORDER_8, PRIME - Y_OF_ORDER_8].map(littleEndian);

/** Whether the 32 bytes at `at` of `bytes`, `mask` on the last of them, are a number below `limit`, little-endian. */
function isBelow(bytes: Bytes, at: number, mask: number, limit: Bytes): boolean {
  for (let i = 31; i >= 0; i--) {
    const digit = i === 31 ? bytes[at + i]! & mask : bytes[at + i]!;
    if (digit !== limit[i]!) return digit < limit[i]!;
  }
  return false;
}

/** Whether the encoding of a point at `at` is canonical and the point is not of small order. */
function isSoundPoint(bytes: Bytes, at: number): boolean {
  if (!isBelow(bytes, at, 0x7f, PRIME_BYTES)) return false;
  return !SMALL_ORDER.some((y) =>
    y.every((digit, i) => digit === (i === 31 ? bytes[at + i]! & 0x7f : bytes[at + i]!)),
  );
}

/** Whether a public key may be used at all. */
export function isSoundPublicKey(public_key: Bytes): boolean {
  return public_key.length === PUBLIC_KEY_BYTES && isSoundPoint(public_key, 0);
}

/** Whether a signature is one that every implementation judges alike. */
export function isSoundSignature(signature: Bytes): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    isBelow(signature, 32, 0xff, ORDER_BYTES) &&
    isSoundPoint(signature, 0)
  );
}

/** The verifier over a platform's own `verify` with a sound public key: signatures are checked as above before. */
export function checkedVerifier(verify: (message: Bytes, signature: Bytes) => Awaitable<boolean>): Verifier {
  return { verify: (message, signature) => isSoundSignature(signature) && verify(message, signature) };
}

/** The public key, 32 bytes, of a private key, 32 bytes. */
export function publicKeyOf(seed: Bytes): Bytes {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
  erase(secretKey);
  return concat(publicKey);
}

/** PKCS #8 of an Ed25519 private key, up to its 32 bytes (RFC 8410 §7). */
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/** The form in which platforms take a private key of 32 bytes. Secret. */
export function pkcs8Of(seed: Bytes): Bytes {
  return concat(PKCS8, seed);
}

/** The signer over `sign` and a platform's handle of the key, which is let go when it is erased. */
export function signerWith<Key>(
  key: Key,
  sign: (key: Key, message: Bytes) => Awaitable<Bytes>,
  forget?: (key: Key) => void,
): Signer {
  const held = { key: key as Key | undefined };
  return {
    sign(message) {
      if (held.key === undefined) throw new Error('The key was erased');
      return sign(held.key, message);
    },
    erase() {
      if (held.key !== undefined) forget?.(held.key);
      held.key = undefined;
    },
  };
}

/** Signs with tweetnacl, where the platform has no Ed25519. */
export function tweetnaclSigner(seed: Bytes): Signer {
  const { secretKey } = nacl.sign.keyPair.fromSeed(seed);
  return signerWith(secretKey, (key, message) => concat(nacl.sign.detached(message, key)), erase);
}

/** Verifies with tweetnacl, where the platform has no Ed25519. */
export function tweetnaclVerifier(public_key: Bytes): Verifier | undefined {
  if (!isSoundPublicKey(public_key)) return undefined;
  const key = public_key.slice();
  return checkedVerifier((message, signature) => nacl.sign.detached.verify(message, signature, key));
}
