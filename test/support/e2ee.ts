/** What tests of the encryption need, in Node and in browsers. */
import type { Awaitable } from '../../client/src/e2ee/awaitable.ts';
import type { Bytes } from '../../client/src/e2ee/bytes.ts';
import type { CryptoPort, FillRandom } from '../../client/src/e2ee/crypto-port.ts';
import { Identity } from '../../client/src/e2ee/identity.ts';
import { Opener } from '../../client/src/e2ee/opener.ts';
import { ReceivingKeys } from '../../client/src/e2ee/receiving-keys.ts';
import { Sealer } from '../../client/src/e2ee/sealer.ts';
import type { Receiver } from '../../client/src/e2ee/sealer.ts';
import { SendingKeys } from '../../client/src/e2ee/sending-keys.ts';
import { FRAME_CLASS, TO_ALL } from '../../shared/protocol/frame.ts';
import type { FrameClass, FrameHeader } from '../../shared/protocol/frame.ts';
import { seededRandom } from './random.ts';

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const unhex = (text: string): Bytes =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));

/** All of what was begun at once, whether a platform gives it at once or later. */
export async function allOf<T>(values: Iterable<Awaitable<T>>): Promise<T[]> {
  return Promise.all(Array.from(values, async (value) => value));
}

/** Repeatable random bytes. */
export function seededFill(seed: number): FillRandom {
  const random = seededRandom(seed);
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(256);
  };
}

type Subtle = typeof globalThis.crypto.subtle;

/** A WebCrypto that knows no Ed25519, as browsers before 2025. */
export function withoutEd25519(subtle: Subtle): Subtle {
  return new Proxy(subtle, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) =>
        args.includes('Ed25519')
          ? Promise.reject(new DOMException('Unrecognized name', 'NotSupportedError'))
          : method.apply(target, args);
    },
  });
}

export const ROOM = unhex('000102030405060708090a0b0c0d0e0f');

/** One member that can seal, and what others need to open it. */
export interface TestSender {
  identity: Identity;
  keys: SendingKeys;
  sealer: Sealer;
  /** An opener of another member for this one's frames, which knows the key that is in use now. */
  openerFor(own_id: Bytes): Promise<{ opener: Opener; keys: ReceivingKeys }>;
}

export async function testSender(port: CryptoPort, seed: number): Promise<TestSender> {
  const fill = seededFill(seed);
  const identity = await Identity.create(port, fill);
  const keys = new SendingKeys(port, fill);
  return {
    identity,
    keys,
    sealer: new Sealer(ROOM, identity, keys),
    async openerFor(own_id) {
      const received = new ReceivingKeys(port);
      await received.learn(keys.offer(), 0);
      const verifier = await port.verifier(identity.id_pk);
      return {
        opener: new Opener(ROOM, { id: identity.id, verifier: verifier! }, own_id, received),
        keys: received,
      };
    },
  };
}

/** A header for {@link Sealer.seal}. */
export function frameHeader(frame_class: FrameClass, to?: Receiver): Omit<FrameHeader, 'e2e'> {
  return {
    class: frame_class,
    droppable: frame_class === FRAME_CLASS.POSE,
    keyframe: false,
    layer: 0,
    stream: 1,
    source: 3,
    destination: to === undefined ? TO_ALL : 5,
  };
}

/** Each copy of `bytes` with one bit of one byte turned, for the bytes from `from` up to `to`. */
export function* tampered(
  bytes: Bytes,
  from = 0,
  to = bytes.length,
): Generator<{ at: number; bytes: Bytes }> {
  for (let at = from; at < to; at++) {
    const copy = bytes.slice();
    copy[at]! ^= 1 << (at % 8);
    yield { at, bytes: copy };
  }
}
