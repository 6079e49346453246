/**
 * What the encryption needs of the platform. Each adapter gives the same verdict on every input. What is passed in may be
 * overwritten as soon as a call has returned, before its result is there.
 */
import type { Awaitable } from './awaitable.ts';
import type { Bytes } from './bytes.ts';

export type Hash = 'SHA-256' | 'SHA-512';

/** Bytes of an AES-GCM tag. */
export const TAG_BYTES = 16;

/** A key of AES-GCM. */
export interface AeadKey {
  /**
   * `reserve` free bytes, then the ciphertext and its tag of 16 bytes. `nonce` has 12 bytes and is never used twice with
   * one key.
   */
  seal(nonce: Bytes, aad: Bytes, plaintext: Bytes, reserve: number): Awaitable<Bytes>;
  /** The plaintext of ciphertext and tag, which begin at `start` of `bytes`; undefined if the tag is wrong. */
  open(nonce: Bytes, aad: Bytes, bytes: Bytes, start: number): Awaitable<Bytes | undefined>;
}

/** An Ed25519 private key (RFC 8032). */
export interface Signer {
  /** 64 bytes. Throws once {@link Signer.erase} was called. */
  sign(message: Bytes): Awaitable<Bytes>;
  /** Forgets the key. */
  erase(): void;
}

/** An Ed25519 public key that passed the checks of `ed25519.ts`. */
export interface Verifier {
  verify(message: Bytes, signature: Bytes): Awaitable<boolean>;
}

export interface CryptoPort {
  /** 32 bytes. */
  sha256(data: Bytes): Awaitable<Bytes>;
  /** RFC 2104: 32 or 64 bytes. */
  hmac(hash: Hash, key: Bytes, data: Bytes): Awaitable<Bytes>;
  /** PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2): `length` bytes. */
  pbkdf2(password: Bytes, salt: Bytes, iterations: number, length: number): Promise<Bytes>;
  /** AES-128-GCM or AES-256-GCM by the length of `key`: 16 or 32 bytes. `key` is not kept. */
  aesGcm(key: Bytes): Awaitable<AeadKey>;
  /** `seed`: the 32 bytes of an Ed25519 private key. It is not kept. */
  signer(seed: Bytes): Awaitable<Signer>;
  /** undefined for a public key that is refused: not 32 bytes, not canonical, or of small order. */
  verifier(public_key: Bytes): Awaitable<Verifier | undefined>;
}

/** Fills `bytes` from a cryptographic source of random numbers. */
export type FillRandom = (bytes: Bytes) => void;

/** `length` random bytes. */
export function randomBytes(fill: FillRandom, length: number): Bytes {
  const bytes = new Uint8Array(length);
  fill(bytes);
  return bytes;
}
