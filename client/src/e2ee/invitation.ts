/**
 * The invitation in a MOVE: `nonce(24) | box(link secret(32) | room id(12), ASCII with zeros behind it)`, 84 bytes.
 *
 * A frame for one member is sealed with a key that all have, so with the relay's help also whoever is left out could open it.
 * Hence the box: under `HKDF(box.before, salt = kPsk, "AR1 move" ‖ room ‖ idFrom ‖ idTo)`, which is the pair's alone. It has no
 * nonces of connections, for a MOVE may be sent again over the next one.
 */
import nacl from 'tweetnacl';
import { ROOM_ID } from '../../../shared/protocol/subprotocol.ts';
import { concat, erase, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { randomBytes } from './crypto-port.ts';
import type { CryptoPort, FillRandom } from './crypto-port.ts';
import { hkdf } from './hkdf.ts';
import { LINK_SECRET_BYTES } from './link.ts';
import type { LinkKeys } from './link.ts';

export const INVITATION_BYTES = 84;

const NONCE_BYTES = 24;
const PLAIN_BYTES = LINK_SECRET_BYTES + 12;
const LABEL = utf8('AR1 move');

export interface Invitation {
  room_id: string;
  /** Of the link, 32 bytes. */
  secret: Bytes;
}

/** Another member: its id, and box.before with it. */
interface Pair {
  id: Bytes;
  shared: Bytes;
}

export class Invitations {
  readonly #crypto: CryptoPort;
  readonly #fill: FillRandom;
  readonly #link: Pick<LinkKeys, 'room' | 'k_psk'>;
  readonly #own_id: Bytes;

  constructor(crypto: CryptoPort, fill: FillRandom, link: Pick<LinkKeys, 'room' | 'k_psk'>, own_id: Bytes) {
    this.#crypto = crypto;
    this.#fill = fill;
    this.#link = link;
    this.#own_id = own_id;
  }

  async seal({ id, shared }: Pair, { room_id, secret }: Invitation): Promise<Bytes> {
    const plaintext = new Uint8Array(PLAIN_BYTES);
    plaintext.set(secret);
    plaintext.set(utf8(room_id), LINK_SECRET_BYTES);
    const key = await this.#key(shared, this.#own_id, id);
    const nonce = randomBytes(this.#fill, NONCE_BYTES);
    const box = nacl.secretbox(plaintext, nonce, key);
    erase(plaintext, key);
    return concat(nonce, box);
  }

  /** undefined for what the other member did not seal to us, or names no room. */
  async open({ id, shared }: Pair, bytes: Bytes): Promise<Invitation | undefined> {
    if (bytes.length !== INVITATION_BYTES) return undefined;
    const key = await this.#key(shared, id, this.#own_id);
    const plaintext = nacl.secretbox.open(bytes.subarray(NONCE_BYTES), bytes.subarray(0, NONCE_BYTES), key);
    erase(key);
    if (plaintext === null) return undefined;
    const secret = new Uint8Array(plaintext.subarray(0, LINK_SECRET_BYTES));
    const room_id = String.fromCharCode(...plaintext.subarray(LINK_SECRET_BYTES)).replace(/\0*$/, '');
    erase(plaintext);
    return ROOM_ID.test(room_id) ? { room_id, secret } : undefined;
  }

  #key(shared: Bytes, from: Bytes, to: Bytes): Promise<Bytes> {
    const { room, k_psk } = this.#link;
    return hkdf(this.#crypto, shared, k_psk, concat(LABEL, room, from, to), 32);
  }
}
