/**
 * HELLO: who is there. 198 bytes, in clear (class CTRL, e2e = 0):
 *
 * ```
 * 0    01 | version | suite(2) | slot(2) | nonce(16)
 * 22   idPk(32) | boxPk(32) | echo(16)
 * 102  Ed25519 signature(64) over "AR1 hello" ‖ room ‖ all before it
 * 166  HMAC-SHA-256(32), key kMac, over the same and the signature
 * ```
 *
 * `echo` is the nonce of the HELLO that is answered, else zeros: who opens what is sealed to that nonce is live.
 */
import { concat, equalBytes, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { CryptoPort, Verifier } from './crypto-port.ts';
import { idOf } from './identity.ts';
import type { Identity } from './identity.ts';
import type { LinkKeys } from './link.ts';
import { ROOM_SUITE } from './sframe/suite.ts';
import { isLowOrder } from './x25519.ts';

/** First byte of a HELLO. */
export const HELLO = 1;
export const HELLO_BYTES = 198;
export const HELLO_VERSION = 1;
export const NONCE16_BYTES = 16;
/** `echo` of a HELLO that answers none. */
export const NO_ECHO: Bytes = new Uint8Array(NONCE16_BYTES);

const SIGNATURE_AT = 102;
const MAC_AT = 166;
const LABEL = utf8('AR1 hello');

export interface HelloFields {
  /** Slot that the sender holds at the relay. */
  slot: number;
  /** Fresh for each connection, 16 bytes. */
  nonce: Bytes;
  /** 16 bytes. */
  echo: Bytes;
}

/** A HELLO of somebody who has the link and the private key of `id_pk`, but may be a recording. */
export interface Hello extends HelloFields {
  id: Bytes;
  id_pk: Bytes;
  box_pk: Bytes;
  /** Of `id_pk`. */
  verifier: Verifier;
}

export type HelloReading =
  | { kind: 'hello'; hello: Hello }
  /**
   * `malformed`: no HELLO of this version and suite; `mac`: not from somebody with the link; `key`: a public key that
   * nobody honest has; `signature`: not from the owner of the key.
   */
  | { kind: 'refused'; reason: 'malformed' | 'mac' | 'key' | 'signature' };

const covered = (room: Bytes, bytes: Bytes, end: number): Bytes =>
  concat(LABEL, room, bytes.subarray(0, end));

export async function writeHello(
  crypto: CryptoPort,
  { room, k_mac }: Pick<LinkKeys, 'room' | 'k_mac'>,
  identity: Identity,
  { slot, nonce, echo }: HelloFields,
): Promise<Bytes> {
  const bytes = new Uint8Array(HELLO_BYTES);
  const numbers = new DataView(bytes.buffer);
  numbers.setUint8(0, HELLO);
  numbers.setUint8(1, HELLO_VERSION);
  numbers.setUint16(2, ROOM_SUITE.id);
  numbers.setUint16(4, slot);
  bytes.set(nonce, 6);
  bytes.set(identity.id_pk, 22);
  bytes.set(identity.box_pk, 54);
  bytes.set(echo, 86);
  bytes.set(await identity.signer.sign(covered(room, bytes, SIGNATURE_AT)), SIGNATURE_AT);
  bytes.set(await crypto.hmac('SHA-256', k_mac, covered(room, bytes, MAC_AT)), MAC_AT);
  return bytes;
}

const refused = (reason: 'malformed' | 'mac' | 'key' | 'signature'): HelloReading => ({
  kind: 'refused',
  reason,
});

/** What a HELLO of {@link HELLO_BYTES} says of its sender's slot, unverified. */
export function slotOf(bytes: Bytes): number {
  return (bytes[4]! << 8) | bytes[5]!;
}

/** Checks a HELLO, the cheap defence against outsiders first. `bytes` is the payload of the frame. */
export async function readHello(
  crypto: CryptoPort,
  { room, k_mac }: Pick<LinkKeys, 'room' | 'k_mac'>,
  bytes: Bytes,
): Promise<HelloReading> {
  if (bytes.length !== HELLO_BYTES || bytes[0] !== HELLO || bytes[1] !== HELLO_VERSION)
    return refused('malformed');
  const numbers = new DataView(bytes.buffer, bytes.byteOffset);
  if (numbers.getUint16(2) !== ROOM_SUITE.id) return refused('malformed');
  const mac = await crypto.hmac('SHA-256', k_mac, covered(room, bytes, MAC_AT));
  if (!equalBytes(mac, bytes.subarray(MAC_AT))) return refused('mac');
  const id_pk = bytes.slice(22, 54);
  const box_pk = bytes.slice(54, 86);
  const verifier = await crypto.verifier(id_pk);
  if (verifier === undefined || isLowOrder(box_pk)) return refused('key');
  const signature = bytes.slice(SIGNATURE_AT, MAC_AT);
  if (!(await verifier.verify(covered(room, bytes, SIGNATURE_AT), signature))) return refused('signature');
  const hello: Hello = {
    slot: numbers.getUint16(4),
    nonce: bytes.slice(6, 22),
    echo: bytes.slice(86, 102),
    id: await idOf(crypto, id_pk),
    id_pk,
    box_pk,
    verifier,
  };
  return { kind: 'hello', hello };
}
