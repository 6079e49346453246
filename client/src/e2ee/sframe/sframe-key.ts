/** Sealing and opening with one key (RFC 9605 §4.4.3, §4.4.4). */
import { chain } from '../awaitable.ts';
import type { Awaitable } from '../awaitable.ts';
import { erase } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import type { AeadKey, CryptoPort } from '../crypto-port.ts';
import { headerLength, writeHeader } from './header.ts';
import type { SframeHeader, Unsigned } from './header.ts';
import { deriveKeyAndSalt, NONCE_BYTES } from './suite.ts';
import type { Suite } from './suite.ts';

/** The key of one KID. Buffers are kept: a call allocates nothing but its result. */
export class SframeKey {
  readonly kid: Unsigned;
  #aead: AeadKey | undefined;
  readonly #salt: Bytes;
  readonly #nonce: Bytes = new Uint8Array(NONCE_BYTES);
  #aad: Bytes = new Uint8Array(0);

  /** `salt` is kept, not copied. */
  constructor(kid: Unsigned, aead: AeadKey, salt: Bytes) {
    this.kid = kid;
    this.#aead = aead;
    this.#salt = salt;
  }

  /** Whether {@link SframeKey.erase} was called: it neither seals nor opens any more. */
  get erased(): boolean {
    return this.#aead === undefined;
  }

  /**
   * `reserve` free bytes, then header, ciphertext and tag. `ctr` is never used twice with one key: the caller counts.
   * Throws if the key was erased.
   */
  seal(ctr: Unsigned, metadata: Bytes, plaintext: Bytes, reserve = 0): Awaitable<Bytes> {
    if (this.#aead === undefined) throw new Error('The key was erased');
    const length = headerLength(this.kid, ctr);
    const aad = this.#aadOf(length, metadata);
    writeHeader(aad, 0, this.kid, ctr);
    return chain(this.#aead.seal(this.#nonceOf(ctr), aad, plaintext, reserve + length), (sealed) => {
      writeHeader(sealed, reserve, this.kid, ctr);
      return sealed;
    });
  }

  /**
   * The plaintext of the SFrame ciphertext at `start` of `bytes`, whose `header` was read there; undefined if it or
   * `metadata` is not what was sealed.
   */
  open(bytes: Bytes, start: number, header: SframeHeader, metadata: Bytes): Awaitable<Bytes | undefined> {
    if (this.#aead === undefined) return undefined;
    const aad = this.#aadOf(header.length, metadata);
    for (let i = 0; i < header.length; i++) aad[i] = bytes[start + i]!;
    return this.#aead.open(this.#nonceOf(header.ctr), aad, bytes, start + header.length);
  }

  /** Forgets the key. The platform's own copy goes with its handle; what we hold is overwritten. */
  erase(): void {
    this.#aead = undefined;
    erase(this.#salt, this.#nonce, this.#aad);
  }

  /** Header, to be filled in, and metadata. */
  #aadOf(header_length: number, metadata: Bytes): Bytes {
    const length = header_length + metadata.length;
    if (this.#aad.length !== length) this.#aad = new Uint8Array(length);
    this.#aad.set(metadata, header_length);
    return this.#aad;
  }

  /** The salt, its last eight bytes XOR `ctr`. */
  #nonceOf(ctr: Unsigned): Bytes {
    const nonce = this.#nonce;
    nonce.set(this.#salt);
    if (typeof ctr === 'bigint') {
      for (let i = 11, rest = ctr; rest > 0n; i--, rest >>= 8n) nonce[i]! ^= Number(rest & 0xffn);
    } else {
      for (let i = 11, rest = ctr; rest > 0; i--, rest = Math.floor(rest / 256)) nonce[i]! ^= rest % 256;
    }
    return nonce;
  }
}

/** The key of `kid` under `secret`, the sframe_secret of a base key. */
export async function deriveSframeKey(
  crypto: CryptoPort,
  suite: Suite,
  secret: Bytes,
  kid: Unsigned,
): Promise<SframeKey> {
  const { key, salt } = await deriveKeyAndSalt(crypto, suite, secret, kid);
  const aead = await crypto.aesGcm(key);
  erase(key);
  return new SframeKey(kid, aead, salt);
}
