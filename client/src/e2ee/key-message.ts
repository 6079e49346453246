/**
 * KEY: a sender's base key for one member. 78 bytes, unicast, in class CTRL (e2e = 0, for it is sealed by itself):
 * `02 | nonce(24) | box(generation u32 | step u8 | base_key(32))` under the key of the pair.
 */
import nacl from 'tweetnacl';
import { BASE_KEY_BYTES } from './base-key.ts';
import type { KeyOffer } from './base-key.ts';
import { concat, erase, readU32, utf8, writeU32 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { randomBytes } from './crypto-port.ts';
import type { CryptoPort, FillRandom } from './crypto-port.ts';
import { hkdf } from './hkdf.ts';
import { isKeyNumber } from './kid.ts';
import type { LinkKeys } from './link.ts';

/** First byte of a KEY. */
export const KEY = 2;
export const KEY_BYTES = 78;

const NONCE_BYTES = 24;
const BOX_AT = 1 + NONCE_BYTES;
const LABEL = utf8('AR1 pair');

/** One end of a pair: its id and the nonce of its latest HELLO, 16 bytes each. */
export interface PairEnd {
  id: Bytes;
  nonce: Bytes;
}

/**
 * `HKDF(box.before, salt = kPsk, "AR1 pair" ‖ room ‖ idFrom ‖ idTo ‖ nonceFrom ‖ nonceTo)`, 32 bytes: the key of what `from`
 * seals to `to`. `shared` is box.before of the two.
 */
export function pairKey(
  crypto: CryptoPort,
  { room, k_psk }: Pick<LinkKeys, 'room' | 'k_psk'>,
  shared: Bytes,
  from: PairEnd,
  to: PairEnd,
): Promise<Bytes> {
  return hkdf(crypto, shared, k_psk, concat(LABEL, room, from.id, to.id, from.nonce, to.nonce), 32);
}

export function sealKey(fill: FillRandom, pair: Bytes, { generation, step, base_key }: KeyOffer): Bytes {
  const nonce = randomBytes(fill, NONCE_BYTES);
  const numbers = new Uint8Array(5);
  writeU32(numbers, 0, generation);
  numbers[4] = step;
  const plaintext = concat(numbers, base_key);
  // `box.after` is `secretbox` under the key of the pair.
  const box = nacl.secretbox(plaintext, nonce, pair);
  erase(plaintext);
  return concat(Uint8Array.of(KEY), nonce, box);
}

/** undefined for what was not sealed with this key, or names a generation or step that cannot be. */
export function openKey(pair: Bytes, bytes: Bytes): KeyOffer | undefined {
  if (bytes.length !== KEY_BYTES || bytes[0] !== KEY) return undefined;
  const plaintext = nacl.secretbox.open(bytes.subarray(BOX_AT), bytes.subarray(1, BOX_AT), pair);
  if (plaintext === null) return undefined;
  const offer = {
    generation: readU32(plaintext, 0),
    step: plaintext[4]!,
    base_key: new Uint8Array(plaintext.subarray(5, 5 + BASE_KEY_BYTES)),
  };
  erase(plaintext);
  return isKeyNumber(offer.generation, offer.step) ? offer : undefined;
}
