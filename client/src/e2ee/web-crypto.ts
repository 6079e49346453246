/** The port on WebCrypto: browsers, Workers, and any runtime that has it. */
import type { Bytes } from './bytes.ts';
import { erase, utf8 } from './bytes.ts';
import { TAG_BYTES } from './crypto-port.ts';
import type { AeadKey, CryptoPort, Signer, Verifier } from './crypto-port.ts';
import {
  checkedVerifier,
  isSoundPublicKey,
  pkcs8Of,
  publicKeyOf,
  signerWith,
  tweetnaclSigner,
  tweetnaclVerifier,
} from './ed25519.ts';

type Subtle = typeof globalThis.crypto.subtle;
type SecretKey = Awaited<ReturnType<Subtle['importKey']>>;

function aeadKey(subtle: Subtle, key: SecretKey): AeadKey {
  // WebCrypto copies what it is given before it returns, so that callers may use their buffers again at once.
  const algorithm = (nonce: Bytes, aad: Bytes) => ({ name: 'AES-GCM', iv: nonce, additionalData: aad });
  return {
    async seal(nonce, aad, plaintext, reserve) {
      const sealed = new Uint8Array(await subtle.encrypt(algorithm(nonce, aad), key, plaintext));
      const whole = new Uint8Array(reserve + sealed.length);
      whole.set(sealed, reserve);
      return whole;
    },
    async open(nonce, aad, bytes, start) {
      if (bytes.length - start < TAG_BYTES) return undefined;
      try {
        return new Uint8Array(await subtle.decrypt(algorithm(nonce, aad), key, bytes.subarray(start)));
      } catch {
        return undefined;
      }
    },
  };
}

interface Ed25519 {
  signer(seed: Bytes): Promise<Signer>;
  verifier(public_key: Bytes): Promise<Verifier | undefined>;
}

function platformEd25519(subtle: Subtle): Ed25519 {
  return {
    async signer(seed) {
      const der = pkcs8Of(seed);
      const key = await subtle.importKey('pkcs8', der, 'Ed25519', false, ['sign']);
      erase(der);
      return signerWith(
        key,
        async (key, message) => new Uint8Array(await subtle.sign('Ed25519', key, message)),
      );
    },
    async verifier(public_key) {
      // Before the first await: what is checked has to be what is imported.
      if (!isSoundPublicKey(public_key)) return undefined;
      // A key that is no point is refused here by some, by others with each signature: for us it verifies nothing.
      const key = await subtle
        .importKey('raw', public_key, 'Ed25519', false, ['verify'])
        .catch(() => undefined);
      return checkedVerifier(async (message, signature) =>
        key === undefined ? false : subtle.verify('Ed25519', key, signature, message).catch(() => false),
      );
    },
  };
}

/** Ed25519 came to browsers between 2023 and 2025; a signature tells whether it is there. */
async function hasEd25519(ed25519: Ed25519): Promise<boolean> {
  const seed = new Uint8Array(32).fill(1);
  const message = utf8('AR1 probe');
  try {
    const signature = await (await ed25519.signer(seed)).sign(message);
    const verifier = await ed25519.verifier(publicKeyOf(seed));
    return verifier !== undefined && (await verifier.verify(message, signature));
  } catch {
    return false;
  }
}

/** `subtle`: there only in secure contexts (https, localhost). Ed25519 is tweetnacl's where the platform has none. */
export async function webCrypto(subtle: Subtle): Promise<CryptoPort> {
  const own = platformEd25519(subtle);
  const ed25519 = (await hasEd25519(own)) ? own : { signer: tweetnaclSigner, verifier: tweetnaclVerifier };
  return {
    sha256: async (data) => new Uint8Array(await subtle.digest('SHA-256', data)),
    async hmac(hash, key, data) {
      const copy = data.slice();
      const imported = await subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign']);
      const result = await subtle.sign('HMAC', imported, copy);
      erase(copy);
      return new Uint8Array(result);
    },
    async pbkdf2(password, salt, iterations, length) {
      const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: salt.slice(), iterations };
      const key = await subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
      return new Uint8Array(await subtle.deriveBits(algorithm, key, 8 * length));
    },
    async aesGcm(key) {
      return aeadKey(subtle, await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']));
    },
    ...ed25519,
  };
}
