/** Our own frames, sealed: `header(6) ‖ SFrame ciphertext`, with e2e = 1. */
import { HEADER_BYTES, writeHeader } from '../../../shared/protocol/frame.ts';
import type { FrameHeader } from '../../../shared/protocol/frame.ts';
import { chain, Serial } from './awaitable.ts';
import type { Awaitable } from './awaitable.ts';
import type { Bytes } from './bytes.ts';
import { Counter } from './counter.ts';
import { TO_EVERYONE } from './identity.ts';
import type { Identity } from './identity.ts';
import { isSigned } from './kid.ts';
import type { Context } from './kid.ts';
import { ctrOf, LANE_OF_ALL, MAX_SEQUENCE } from './lanes.ts';
import { MAX_CTR } from './limits.ts';
import { Metadata } from './metadata.ts';
import type { SendingKeys } from './sending-keys.ts';
import type { SframeKey } from './sframe/sframe-key.ts';
import { signBody } from './signed-body.ts';

/** The one member that a frame is for. `lane`: its number of `Lanes`. */
export interface Receiver {
  id: Bytes;
  lane: number;
}

export interface SealedFrame {
  frame: Bytes;
  context: Context;
  kid: number;
  ctr: number;
}

/** Seals in each context with its own key and counter. A counter goes on when the key changes, and never back. */
export class Sealer {
  readonly #room: Bytes;
  readonly #identity: Pick<Identity, 'id' | 'signer'>;
  readonly #keys: SendingKeys;
  readonly #everyone: Metadata;
  /** By context; in contexts 0 and 1 by lane: how many were sealed. */
  readonly #counters: (Counter | undefined)[][] = [[], [], [], [], []];
  /** Signing takes time where it is asynchronous: frames leave in the order of their numbers all the same. */
  readonly #turns = [new Serial(), new Serial()] as const;

  constructor(room: Bytes, identity: Pick<Identity, 'id' | 'signer'>, keys: SendingKeys) {
    this.#room = room;
    this.#identity = identity;
    this.#keys = keys;
    this.#everyone = new Metadata(room, identity.id, TO_EVERYONE);
  }

  /** The next sequence number of a lane of context 0 or 1, or the next CTR of another context (lane 0). */
  next(context: Context, lane = LANE_OF_ALL): number {
    return this.#counters[context]![lane]?.next ?? 0;
  }

  /**
   * Seals `body`. The context is the frame's class. `to`: the receiver that `header.destination` is the slot of; undefined
   * for all. Throws RangeError when a counter is at its end.
   */
  seal(header: Omit<FrameHeader, 'e2e'>, to: Receiver | undefined, body: Bytes): Awaitable<SealedFrame> {
    const start = new Uint8Array(HEADER_BYTES);
    writeHeader(start, { ...header, e2e: true });
    const metadata = to === undefined ? this.#everyone : new Metadata(this.#room, this.#identity.id, to.id);
    const context = header.class;
    if (isSigned(context)) {
      return this.#turns[context as 0 | 1].run(() =>
        this.#sealSigned(context, to?.lane ?? LANE_OF_ALL, start, metadata, body),
      );
    }
    return this.#sealUnsigned(context, start, metadata, body);
  }

  #sealUnsigned(context: Context, start: Bytes, metadata: Metadata, body: Bytes): Awaitable<SealedFrame> {
    return chain(this.#keys.context(context), (key) =>
      // It may have been changed while we waited for it.
      key.erased
        ? this.#sealUnsigned(context, start, metadata, body)
        : this.#finish(key, context, this.#count(context, LANE_OF_ALL), start, metadata, body),
    );
  }

  async #sealSigned(
    context: Context,
    lane: number,
    start: Bytes,
    metadata: Metadata,
    body: Bytes,
  ): Promise<SealedFrame> {
    const ctr = ctrOf({ lane, sequence: this.#count(context, lane) });
    for (;;) {
      const key = await this.#keys.context(context);
      const standing = { metadata: metadata.of(start), kid: key.kid as number, ctr };
      const signed = await signBody(this.#identity.signer, standing, body);
      if (!key.erased) return this.#finish(key, context, ctr, start, metadata, signed);
      // The key was changed meanwhile: the KID under the signature is not in use any more, and another one is used.
      this.#keys.count(context);
    }
  }

  /** Takes a number. The key counts as used from here on, though it may be another by the time we seal. */
  #count(context: Context, lane: number): number {
    this.#keys.count(context);
    const highest = isSigned(context) ? MAX_SEQUENCE : MAX_CTR;
    return (this.#counters[context]![lane] ??= new Counter(highest)).take();
  }

  #finish(
    key: SframeKey,
    context: Context,
    ctr: number,
    start: Bytes,
    metadata: Metadata,
    plaintext: Bytes,
  ): Awaitable<SealedFrame> {
    return chain(key.seal(ctr, metadata.of(start), plaintext, HEADER_BYTES), (frame) => {
      frame.set(start);
      return { frame, context, kid: key.kid as number, ctr };
    });
  }
}

/** Writes the slots of a frame, which are not sealed. */
export function address(frame: Bytes, source: number, destination: number): Bytes {
  const slots = new DataView(frame.buffer, frame.byteOffset);
  slots.setUint16(2, source);
  slots.setUint16(4, destination);
  return frame;
}
