/** What other libraries offer for the same payloads. Where they take further data to authenticate, they get as much as ours. */
import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import sodium from 'libsodium-wrappers';
import nacl from 'tweetnacl';
import type { Contender } from './contender.ts';

/** A buffer of `length` bytes that is another for each count. */
function nonces(length: number): (count: number) => Uint8Array {
  const nonce = new Uint8Array(length);
  const numbers = new DataView(nonce.buffer);
  return (count) => {
    numbers.setUint32(0, count);
    return nonce;
  };
}

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

function tweetnaclSecretbox(): Contender {
  const key = random(32);
  const nonceOf = nonces(24);
  return {
    name: 'tweetnacl secretbox',
    seal: (payload, count) => nacl.secretbox(payload, nonceOf(count), key),
    open(sealed, count) {
      const opened = nacl.secretbox.open(sealed, nonceOf(count), key);
      if (opened === null) throw new Error('a box does not open');
      return opened;
    },
  };
}

function nobleGcm(aad: Uint8Array): Contender {
  const key = random(16);
  const nonceOf = nonces(12);
  return {
    name: '@noble/ciphers AES-128-GCM',
    seal: (payload, count) => gcm(key, nonceOf(count), aad).encrypt(payload),
    open: (sealed, count) => gcm(key, nonceOf(count), aad).decrypt(sealed),
  };
}

function nobleChacha(aad: Uint8Array): Contender {
  const key = random(32);
  const nonceOf = nonces(12);
  return {
    name: '@noble/ciphers ChaCha20-Poly1305',
    seal: (payload, count) => chacha20poly1305(key, nonceOf(count), aad).encrypt(payload),
    open: (sealed, count) => chacha20poly1305(key, nonceOf(count), aad).decrypt(sealed),
  };
}

function sodiumSecretbox(): Contender {
  const key = random(32);
  const nonceOf = nonces(24);
  return {
    name: 'libsodium secretbox',
    seal: (payload, count) => sodium.crypto_secretbox_easy(payload, nonceOf(count), key),
    open: (sealed, count) => sodium.crypto_secretbox_open_easy(sealed, nonceOf(count), key),
  };
}

function sodiumChacha(aad: Uint8Array): Contender {
  const key = random(32);
  const nonceOf = nonces(12);
  return {
    name: 'libsodium ChaCha20-Poly1305',
    seal: (payload, count) =>
      sodium.crypto_aead_chacha20poly1305_ietf_encrypt(payload, aad, null, nonceOf(count), key),
    open: (sealed, count) =>
      sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, aad, nonceOf(count), key),
  };
}

export async function libraries(aad_bytes: number): Promise<Contender[]> {
  await sodium.ready;
  const aad = random(aad_bytes);
  return [tweetnaclSecretbox(), nobleGcm(aad), nobleChacha(aad), sodiumSecretbox(), sodiumChacha(aad)];
}
