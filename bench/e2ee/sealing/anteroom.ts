/** Frames as the SDK seals them, by one member for all, and opens them, at one other. */
import { chain } from '../../../client/src/e2ee/awaitable.ts';
import { randomBytes } from '../../../client/src/e2ee/crypto-port.ts';
import type { CryptoPort, FillRandom } from '../../../client/src/e2ee/crypto-port.ts';
import { ID_BYTES, Identity } from '../../../client/src/e2ee/identity.ts';
import { Opener } from '../../../client/src/e2ee/opener.ts';
import type { Opening } from '../../../client/src/e2ee/opener.ts';
import { ReceivingKeys } from '../../../client/src/e2ee/receiving-keys.ts';
import { Sealer } from '../../../client/src/e2ee/sealer.ts';
import { SendingKeys } from '../../../client/src/e2ee/sending-keys.ts';
import { FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import type { FrameClass } from '../../../shared/protocol/frame.ts';
import type { Contender } from './contender.ts';

const fill: FillRandom = (bytes) => void crypto.getRandomValues(bytes);

function bodyOf(opening: Opening): Uint8Array {
  if (opening.kind !== 'opened') throw new Error(`a frame does not open: ${JSON.stringify(opening)}`);
  return opening.body;
}

async function framesOf(port: CryptoPort, name: string, frame_class: FrameClass): Promise<Contender> {
  const room = randomBytes(fill, ID_BYTES);
  const identity = await Identity.create(port, fill);
  const keys = new SendingKeys(port, fill);
  const sealer = new Sealer(room, identity, keys);
  const known = new ReceivingKeys(port);
  await known.learn(keys.offer(), 0);
  const verifier = (await port.verifier(identity.id_pk))!;
  const opener = new Opener(room, { id: identity.id, verifier }, randomBytes(fill, ID_BYTES), known);
  const header = {
    class: frame_class,
    droppable: frame_class === FRAME_CLASS.POSE,
    keyframe: false,
    layer: 0,
    stream: 1,
    source: 7,
    destination: TO_ALL,
  };
  return {
    name,
    seal: (payload) => chain(sealer.seal(header, undefined, payload), ({ frame }) => frame),
    open: (frame) => chain(opener.open(frame as Uint8Array<ArrayBuffer>, 0), bodyOf),
  };
}

/** Poses: AES-128-GCM over the payload; header and metadata are its AAD. */
export const poses = (port: CryptoPort): Promise<Contender> =>
  framesOf(port, 'Anteroom pose', FRAME_CLASS.POSE);

/** Messages, which are signed as well. */
export const messages = (port: CryptoPort): Promise<Contender> =>
  framesOf(port, 'Anteroom message (signed)', FRAME_CLASS.MSG);

/** The platform's AES-128-GCM with nothing around it: what sealing cannot be cheaper than. */
export async function bareGcm(port: CryptoPort, aad_bytes: number): Promise<Contender> {
  const key = await port.aesGcm(randomBytes(fill, 16));
  const aad = randomBytes(fill, aad_bytes);
  const nonce = new Uint8Array(12);
  const numbers = new DataView(nonce.buffer);
  return {
    name: 'AES-128-GCM of the platform, bare',
    seal(payload, count) {
      numbers.setUint32(0, count);
      return key.seal(nonce, aad, payload, 0);
    },
    open(sealed, count) {
      numbers.setUint32(0, count);
      return chain(key.open(nonce, aad, sealed as Uint8Array<ArrayBuffer>, 0), (opened) => {
        if (opened === undefined) throw new Error('a frame does not open');
        return opened;
      });
    },
  };
}
