/** What a sealed frame is bound to besides its SFrame header: `"AR1" ‖ room ‖ senderId ‖ destId ‖ header bytes 0–1`. */
import { concat, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { ID_BYTES } from './identity.ts';

const LABEL = utf8('AR1');
const HEADER_AT = LABEL.length + 3 * ID_BYTES;
export const METADATA_BYTES = HEADER_AT + 2;

/** The metadata of frames from one sender to one destination. */
export class Metadata {
  readonly #bytes: Bytes;

  /** Each 16 bytes; `dest_id` is `TO_EVERYONE` for all. */
  constructor(room: Bytes, sender_id: Bytes, dest_id: Bytes) {
    this.#bytes = concat(LABEL, room, sender_id, dest_id, new Uint8Array(2));
  }

  /** For a frame that begins like `frame`. The array is the same each time: use or copy it before the next call. */
  of(frame: Uint8Array): Bytes {
    this.#bytes[HEADER_AT] = frame[0]!;
    this.#bytes[HEADER_AT + 1] = frame[1]!;
    return this.#bytes;
  }
}
