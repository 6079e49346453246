/** The port on node:crypto. Synchronous: a frame costs a few microseconds, a turn of the thread pool many more. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  pbkdf2,
  sign,
  verify,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Bytes } from '../e2ee/bytes.ts';
import { concat, erase } from '../e2ee/bytes.ts';
import { TAG_BYTES } from '../e2ee/crypto-port.ts';
import type { AeadKey, CryptoPort } from '../e2ee/crypto-port.ts';
import { checkedVerifier, isSoundPublicKey, pkcs8Of, signerWith } from '../e2ee/ed25519.ts';

/** SPKI of an Ed25519 public key, up to its 32 bytes (RFC 8410 §4). */
const SPKI_ED25519 = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);
const OPTIONS = { authTagLength: TAG_BYTES };
const derive = promisify(pbkdf2);

/** A Buffer's `slice` is a view; callers are promised an array whose `slice` copies. */
function plain(buffer: Buffer): Bytes {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);
}

function aeadKey(bytes: Bytes): AeadKey {
  const algorithm = bytes.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
  // Five times as fast as the bytes themselves, which are copied into a key object for every frame.
  const key = createSecretKey(bytes);
  const tag = new Uint8Array(TAG_BYTES);
  return {
    seal(nonce, aad, plaintext, reserve) {
      const cipher = createCipheriv(algorithm, key, nonce, OPTIONS);
      cipher.setAAD(aad);
      const whole = new Uint8Array(reserve + plaintext.length + TAG_BYTES);
      whole.set(cipher.update(plaintext), reserve);
      cipher.final();
      whole.set(cipher.getAuthTag(), reserve + plaintext.length);
      return whole;
    },
    open(nonce, aad, bytes, start) {
      const end = bytes.length - TAG_BYTES;
      if (end < start) return undefined;
      // Cheaper than another view of the frame.
      for (let i = 0; i < TAG_BYTES; i++) tag[i] = bytes[end + i]!;
      const decipher = createDecipheriv(algorithm, key, nonce, OPTIONS);
      decipher.setAAD(aad);
      decipher.setAuthTag(tag);
      const plaintext = decipher.update(bytes.subarray(start, end));
      try {
        decipher.final();
      } catch {
        plaintext.fill(0);
        return undefined;
      }
      return plain(plaintext);
    },
  };
}

/** The key object of DER; undefined where OpenSSL finds that it is no key. */
function publicKey(bytes: Bytes): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(concat(SPKI_ED25519, bytes)), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

export const nodeCrypto: CryptoPort = {
  sha256: (data) => plain(createHash('sha256').update(data).digest()),
  hmac: (hash, key, data) =>
    plain(
      createHmac(hash === 'SHA-256' ? 'sha256' : 'sha512', key)
        .update(data)
        .digest(),
    ),
  pbkdf2: async (password, salt, iterations, length) =>
    plain(await derive(password, salt, iterations, length, 'sha256')),
  aesGcm: aeadKey,
  signer(seed) {
    const der = pkcs8Of(seed);
    const key = createPrivateKey({ key: Buffer.from(der.buffer), format: 'der', type: 'pkcs8' });
    erase(der);
    return signerWith(key, (key, message) => plain(sign(null, message, key)));
  },
  verifier(public_key) {
    if (!isSoundPublicKey(public_key)) return undefined;
    const key = publicKey(public_key);
    return checkedVerifier(
      (message, signature) => key !== undefined && verify(null, message, key, signature),
    );
  },
};
