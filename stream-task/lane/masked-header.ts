/** Reads the header of an `anteroom.v1` frame (shared/protocol/frame.ts) where it lies, under the mask of its sender. */
import {
  ACK_BYTES,
  FRAME_CLASS,
  FRAME_VERSION,
  HEADER_BYTES,
  type FrameFault,
} from '../../shared/protocol/frame.ts';

/** What is wrong with the header of the frame of `length` bytes at `from[at]`; undefined if it is well formed. */
export function maskedFault(
  from: Uint8Array,
  at: number,
  length: number,
  mask: number,
): FrameFault | undefined {
  if (length < HEADER_BYTES) return 'short';
  const first = from[at]! ^ (mask & 0xff);
  if (first >>> 6 !== FRAME_VERSION) return 'version';
  if (((first >>> 3) & 7) > FRAME_CLASS.AUDIO) return 'class';
  return undefined;
}

/** Source slot of a well-formed frame. */
export function maskedSource(from: Uint8Array, at: number, mask: number): number {
  return ((from[at + 2]! ^ ((mask >>> 16) & 0xff)) << 8) | (from[at + 3]! ^ (mask >>> 24));
}

/** Destination slot of a well-formed frame. */
export function maskedDestination(from: Uint8Array, at: number, mask: number): number {
  return ((from[at + 4]! ^ (mask & 0xff)) << 8) | (from[at + 5]! ^ ((mask >>> 8) & 0xff));
}

/** How many messages the client says it has received, of a well-formed frame to the relay; undefined if it says none (R19). */
export function maskedAck(from: Uint8Array, at: number, length: number, mask: number): number | undefined {
  const frame_class = ((from[at]! ^ (mask & 0xff)) >>> 3) & 7;
  if (frame_class !== FRAME_CLASS.CTRL || length !== HEADER_BYTES + ACK_BYTES) return undefined;
  // The payload begins in the middle of the mask.
  const high = ((from[at + 6]! ^ ((mask >>> 16) & 0xff)) << 8) | (from[at + 7]! ^ (mask >>> 24));
  const low = ((from[at + 8]! ^ (mask & 0xff)) << 8) | (from[at + 9]! ^ ((mask >>> 8) & 0xff));
  return ((high << 16) | low) >>> 0;
}
