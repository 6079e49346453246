import { encodeFrame, FRAME_CLASS, TO_RELAY } from '../../../shared/protocol/frame.ts';
import { writeU32 } from '../e2ee/bytes.ts';
import type { Bytes } from '../e2ee/bytes.ts';

/** How long a message waits for its acknowledgement at most, ms. */
const ACK_MS = 50;

/** The frame that tells the relay (R19 of docs/protocol.md) how many messages were `received`. */
export function ackFrame(own_slot: number, received: number): Bytes {
  const count = new Uint8Array(4);
  writeU32(count, 0, received);
  const header = { droppable: false, keyframe: false, e2e: false, layer: 0, stream: 0 };
  return encodeFrame({ ...header, class: FRAME_CLASS.CTRL, source: own_slot, destination: TO_RELAY }, count);
}

/** Tells the relay how many messages of one connection have come so far, every 50 ms while any come. */
export class Acks {
  readonly #send: (frame: Bytes) => void;
  #received = 0;
  /** undefined before the welcome. */
  #own_slot: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (frame: Bytes) => void) {
    this.#send = send;
  }

  /** A message came, text or binary. Cheap: it is called for each. */
  received(): void {
    this.#received++;
    if (this.#own_slot !== undefined && this.#timer === undefined) this.#arm();
  }

  /** The relay has let us in: what came until now counts, too. */
  start(own_slot: number): void {
    this.#own_slot = own_slot;
    this.#arm();
  }

  /** For good. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#own_slot = undefined;
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#own_slot !== undefined) this.#send(ackFrame(this.#own_slot, this.#received));
    }, ACK_MS);
  }
}
