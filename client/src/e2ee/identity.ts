/** Who a member is, for one session: an Ed25519 key that signs and an X25519 key that others seal their keys to. */
import { erase } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { randomBytes } from './crypto-port.ts';
import type { CryptoPort, FillRandom, Signer } from './crypto-port.ts';
import { publicKeyOf } from './ed25519.ts';
import { BOX_KEY_BYTES, boxPublicKeyOf, sharedSecret } from './x25519.ts';

export const ID_BYTES = 16;
/** In place of an id: a frame for all. */
export const TO_EVERYONE: Bytes = new Uint8Array(ID_BYTES);

/** `SHA-256(idPk)[0..16]`. */
export async function idOf(crypto: CryptoPort, id_pk: Bytes): Promise<Bytes> {
  return (await crypto.sha256(id_pk)).slice(0, ID_BYTES);
}

/** Our own identity. Never stored: a reload is a new one. */
export class Identity {
  /** 16 bytes. */
  readonly id: Bytes;
  /** Ed25519, 32 bytes. */
  readonly id_pk: Bytes;
  /** X25519, 32 bytes. */
  readonly box_pk: Bytes;
  readonly signer: Signer;
  readonly #box_secret: Bytes;

  private constructor(keys: Pick<Identity, 'id' | 'id_pk' | 'box_pk' | 'signer'>, box_secret: Bytes) {
    this.id = keys.id;
    this.id_pk = keys.id_pk;
    this.box_pk = keys.box_pk;
    this.signer = keys.signer;
    this.#box_secret = box_secret;
  }

  /** A new identity: 64 bytes of `fill`. */
  static async create(crypto: CryptoPort, fill: FillRandom): Promise<Identity> {
    const seed = randomBytes(fill, 32);
    const box_secret = randomBytes(fill, BOX_KEY_BYTES);
    const id_pk = publicKeyOf(seed);
    const keys = {
      id: await idOf(crypto, id_pk),
      id_pk,
      box_pk: boxPublicKeyOf(box_secret),
      signer: await crypto.signer(seed),
    };
    erase(seed);
    return new Identity(keys, box_secret);
  }

  /** `box.before` with another member, 32 bytes: costs a millisecond or two. undefined for a key of low order. */
  sharedSecretWith(box_pk: Bytes): Bytes | undefined {
    return sharedSecret(this.#box_secret, box_pk);
  }

  /** Forgets both private keys. */
  erase(): void {
    this.signer.erase();
    erase(this.#box_secret);
  }
}
