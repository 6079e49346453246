/** A member that does not keep to its own code: what it knows, to seal by hand with. */
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import { readHello } from '../../../client/src/e2ee/hello.ts';
import type { Hello } from '../../../client/src/e2ee/hello.ts';
import { Identity } from '../../../client/src/e2ee/identity.ts';
import { pairKey, sealKey } from '../../../client/src/e2ee/key-message.ts';
import type { KeyOffer } from '../../../client/src/e2ee/base-key.ts';
import { ctrOf } from '../../../client/src/e2ee/lanes.ts';
import { linkKeys } from '../../../client/src/e2ee/link.ts';
import type { LinkKeys } from '../../../client/src/e2ee/link.ts';
import { address, Sealer } from '../../../client/src/e2ee/sealer.ts';
import { SendingKeys } from '../../../client/src/e2ee/sending-keys.ts';
import { FRAME_CLASS, HEADER_BYTES, payloadOf, TO_ALL } from '../../../shared/protocol/frame.ts';
import type { FrameClass } from '../../../shared/protocol/frame.ts';
import { seededFill } from '../e2ee.ts';
import type { Resident } from '../sealed-resident.ts';
import { SECRET } from '../sealed-town.ts';
import type { SealedTown } from '../sealed-town.ts';
import { isHello, isSealed, keyOf, latest } from './scenes.ts';

export class Rogue {
  readonly resident: Resident;
  readonly identity: Identity;
  /** Its keys, of generation 0. */
  readonly keys: SendingKeys;
  readonly link: LinkKeys;
  readonly #town: SealedTown;
  readonly #port: CryptoPort;
  readonly #fill = seededFill(77);

  private constructor(
    resident: Resident,
    own: { identity: Identity; keys: SendingKeys; link: LinkKeys },
    town: SealedTown,
    port: CryptoPort,
  ) {
    this.resident = resident;
    this.identity = own.identity;
    this.keys = own.keys;
    this.link = own.link;
    this.#town = town;
    this.#port = port;
  }

  /** What `resident` knows, which seals with the key that its own latest frame has. */
  static async of(resident: Resident, town: SealedTown, port: CryptoPort): Promise<Rogue> {
    const fill = seededFill(resident.seed);
    const identity = await Identity.create(port, fill);
    const keys = new SendingKeys(port, fill);
    const { generation, step } = keyOf(latest(town, resident, isSealed));
    if (generation !== 0) throw new Error('It has another generation in use');
    for (let i = 0; i < step; i++) await keys.ratchet();
    const link = await linkKeys(port, town.room_id, SECRET);
    return new Rogue(resident, { identity, keys, link }, town, port);
  }

  /** Seals `body` under a number that its own code does not come to. `signed_by`: not by the member itself. */
  async seal(
    frame_class: FrameClass,
    body: Bytes,
    { number, signed_by = this.identity }: { number: number; signed_by?: Identity },
  ): Promise<Bytes> {
    const sealer = new Sealer(this.link.room, { id: this.identity.id, signer: signed_by.signer }, this.keys);
    while (sealer.next(frame_class) < number)
      await sealer.seal(fieldsOf(frame_class), undefined, new Uint8Array(0));
    const { frame, ctr } = await sealer.seal(fieldsOf(frame_class), undefined, body);
    const expected = frame_class <= FRAME_CLASS.MSG ? ctrOf({ lane: 0, sequence: number }) : number;
    if (ctr !== expected) throw new Error(`It has the number ${ctr}, not ${expected}`);
    return address(frame, this.resident.slot!, TO_ALL);
  }

  /** A KEY for another member that tells whatever it likes. */
  async keyFor(other: Resident, offer: KeyOffer): Promise<Bytes> {
    const theirs = await this.#helloOf(other);
    const { nonce } = await this.#helloOf(this.resident);
    const shared = this.identity.sharedSecretWith(theirs.box_pk)!;
    const from = { id: this.identity.id, nonce };
    const pair = await pairKey(this.#port, this.link, shared, from, {
      id: theirs.id,
      nonce: theirs.nonce,
    });
    const payload = sealKey(this.#fill, pair, offer);
    const frame = new Uint8Array(HEADER_BYTES + payload.length);
    frame[0] = 1 << 6;
    frame.set(payload, HEADER_BYTES);
    return address(frame, this.resident.slot!, other.slot!);
  }

  async #helloOf(resident: Resident): Promise<Hello> {
    const payload = payloadOf(latest(this.#town, resident, isHello));
    const reading = await readHello(this.#port, this.link, payload.slice());
    if (reading.kind === 'refused') throw new Error(`The HELLO is refused: ${reading.reason}`);
    return reading.hello;
  }
}

const fieldsOf = (frame_class: FrameClass) => ({
  class: frame_class,
  droppable: false,
  keyframe: false,
  layer: 0,
  stream: 0,
  source: 0,
  destination: TO_ALL,
});
