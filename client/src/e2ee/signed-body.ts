/**
 * What is sealed in contexts 0 and 1: `Ed25519 signature(64) ‖ body`. All members know a sender's key, so without it each
 * could seal in its name. The signature covers `metadata ‖ KID u32 ‖ CTR u32 ‖ body`.
 */
import { chain } from './awaitable.ts';
import type { Awaitable } from './awaitable.ts';
import { concat, writeU32 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { Signer, Verifier } from './crypto-port.ts';
import { SIGNATURE_BYTES } from './ed25519.ts';

/** Where a body stands; both numbers are below 2^32. */
export interface Standing {
  metadata: Bytes;
  kid: number;
  ctr: number;
}

function covered({ metadata, kid, ctr }: Standing, body: Bytes): Bytes {
  const numbers = new Uint8Array(8);
  writeU32(numbers, 0, kid);
  writeU32(numbers, 4, ctr);
  return concat(metadata, numbers, body);
}

export function signBody(signer: Signer, standing: Standing, body: Bytes): Awaitable<Bytes> {
  return chain(signer.sign(covered(standing, body)), (signature) => concat(signature, body));
}

/** The body, a view; undefined if it was not signed like this by the owner of the key. */
export function verifyBody(
  verifier: Verifier,
  standing: Standing,
  plaintext: Bytes,
): Awaitable<Bytes | undefined> {
  if (plaintext.length < SIGNATURE_BYTES) return undefined;
  const body = plaintext.subarray(SIGNATURE_BYTES);
  const sound = verifier.verify(covered(standing, body), plaintext.slice(0, SIGNATURE_BYTES));
  return chain(sound, (sound) => (sound ? body : undefined));
}
