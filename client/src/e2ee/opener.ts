/** The sealed frames of one other member, opened. Nothing changes before a frame is known to be authentic. */
import { destinationOf, HEADER_BYTES, headerFault, TO_ALL } from '../../../shared/protocol/frame.ts';
import { chain } from './awaitable.ts';
import type { Awaitable } from './awaitable.ts';
import type { Bytes } from './bytes.ts';
import type { Verifier } from './crypto-port.ts';
import { TO_EVERYONE } from './identity.ts';
import { unpackKid } from './kid.ts';
import type { Context, KeyId } from './kid.ts';
import { LANE_OF_ALL, placeOf } from './lanes.ts';
import { MAX_CTR } from './limits.ts';
import { Metadata } from './metadata.ts';
import type { ReceivingKey, ReceivingKeys } from './receiving-keys.ts';
import { readHeader } from './sframe/header.ts';
import type { SframeHeader } from './sframe/header.ts';
import { verifyBody } from './signed-body.ts';

/**
 * `malformed`: no frame of ours, or beyond the limits; `context`: sealed for another class than its header says;
 * `replay`: it came before; `tag`: not sealed like this with the sender's key; `signature`: not by the sender itself.
 */
export type RefusalReason = 'malformed' | 'context' | 'replay' | 'tag' | 'signature';

export type Opening =
  /** `body` is the reader's own. In contexts 0 and 1 a `Reorder` has yet to tell whether it came before. */
  | { kind: 'opened'; context: Context; kid: number; ctr: number; body: Bytes }
  /** To be held until the key is there. */
  | { kind: 'unknown_key'; kid: number }
  | { kind: 'refused'; reason: RefusalReason };

const REFUSED: Record<RefusalReason, Opening> = {
  malformed: { kind: 'refused', reason: 'malformed' },
  context: { kind: 'refused', reason: 'context' },
  replay: { kind: 'refused', reason: 'replay' },
  tag: { kind: 'refused', reason: 'tag' },
  signature: { kind: 'refused', reason: 'signature' },
};

export class Opener {
  readonly #keys: ReceivingKeys;
  readonly #verifier: Verifier;
  readonly #to_all: Metadata;
  readonly #to_us: Metadata;

  /** `sender` is the other member; `own_id` is ours. */
  constructor(room: Bytes, sender: { id: Bytes; verifier: Verifier }, own_id: Bytes, keys: ReceivingKeys) {
    this.#keys = keys;
    this.#verifier = sender.verifier;
    this.#to_all = new Metadata(room, sender.id, TO_EVERYONE);
    this.#to_us = new Metadata(room, sender.id, own_id);
  }

  /**
   * Opens a frame (header and all) that came from the slot of this member at `now` (ms, of a clock that never goes back).
   * One whose destination is not `TO_ALL` came to us alone. Synchronous where the platform is and the key was used before.
   */
  open(frame: Bytes, now: number): Awaitable<Opening> {
    if (headerFault(frame) !== undefined || (frame[0]! & 1) === 0) return REFUSED.malformed;
    const header = readHeader(frame, HEADER_BYTES);
    if (header === undefined || header.ctr > MAX_CTR) return REFUSED.malformed;
    const ready = this.#keys.ready(header.kid, now);
    if (ready !== undefined) return this.#open(frame, header, ready, now);
    const id = unpackKid(header.kid);
    if (id === undefined) return REFUSED.malformed;
    return chain(this.#keys.find(id, now), (key) =>
      key === undefined
        ? { kind: 'unknown_key', kid: header.kid as number }
        : this.#open(frame, header, key, now),
    );
  }

  #open(frame: Bytes, header: SframeHeader, key: ReceivingKey, now: number): Awaitable<Opening> {
    const { id, window } = key;
    const ctr = header.ctr as number;
    // Otherwise what is sealed without a signature, as a pose, could be passed off as chat.
    if (id.context !== ((frame[0]! >>> 3) & 7)) return REFUSED.context;
    if (window?.isFresh(ctr) === false) return REFUSED.replay;
    const metadata = this.#metadataOf(frame, key, ctr);
    if (metadata === undefined) return REFUSED.malformed;
    const opened = key.sframe.open(frame, HEADER_BYTES, header, metadata.of(frame));
    return opened instanceof Promise
      ? opened.then((plaintext) => this.#take(frame, header, key, plaintext, now))
      : this.#take(frame, header, key, opened, now);
  }

  /**
   * Whom a frame was sealed for. In contexts 0 and 1 its lane says so: one for all may be sent again to us alone. undefined
   * for one that is for us alone and yet came to all.
   */
  #metadataOf(frame: Bytes, { window }: ReceivingKey, ctr: number): Metadata | undefined {
    const came_to_all = destinationOf(frame) === TO_ALL;
    if (window !== undefined) return came_to_all ? this.#to_all : this.#to_us;
    if (placeOf(ctr).lane === LANE_OF_ALL) return this.#to_all;
    return came_to_all ? undefined : this.#to_us;
  }

  /** What comes of a frame that was decrypted. */
  #take(
    frame: Bytes,
    header: SframeHeader,
    { id, window }: ReceivingKey,
    plaintext: Bytes | undefined,
    now: number,
  ): Awaitable<Opening> {
    if (plaintext === undefined) return REFUSED.tag;
    const kid = header.kid as number;
    const ctr = header.ctr as number;
    if (window === undefined) {
      const metadata = placeOf(ctr).lane === LANE_OF_ALL ? this.#to_all : this.#to_us;
      return this.#verify({ metadata: metadata.of(frame), kid, ctr }, id, plaintext, now);
    }
    // Once more: the same frame may have been opened while we waited.
    if (!window.accept(ctr)) return REFUSED.replay;
    return { kind: 'opened', context: id.context, kid, ctr, body: plaintext };
  }

  #verify(
    standing: { metadata: Bytes; kid: number; ctr: number },
    id: KeyId,
    plaintext: Bytes,
    now: number,
  ): Awaitable<Opening> {
    return chain(verifyBody(this.#verifier, standing, plaintext), (body) => {
      if (body === undefined) return REFUSED.signature;
      this.#keys.confirm(id, now);
      const { kid, ctr } = standing;
      return { kind: 'opened', context: id.context, kid, ctr, body };
    });
  }
}
