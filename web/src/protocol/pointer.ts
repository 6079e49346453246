/**
 * A pointer on the wire: five bytes in a frame of class POSE. Only the newest counts, so a frame is droppable where the
 * next movement makes up for it; one that says where the pointer rests, or that it is gone, is not.
 *
 * ```
 * 0    version:4 (=1) | 0:2 | pressed:1 | visible:1
 * 1-2  x, big-endian: 0 is the left edge of the shared area, 65535 the right one
 * 3-4  y: 0 is the top, 65535 the bottom
 * ```
 */
export interface Pointer {
  /** Across the shared area, 0–1. */
  x: number;
  /** Down the shared area, 0–1. */
  y: number;
  pressed: boolean;
  /** False once the pointer has left the area. */
  visible: boolean;
}

const VERSION = 1;
const BYTES = 5;
const FULL = 0xffff;

const toWord = (share: number): number => Math.round(Math.min(1, Math.max(0, share)) * FULL);

/** The payload of `pointer`. Positions outside the area are put on its edge. */
export function encodePointer(pointer: Pointer): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, (VERSION << 4) | (pointer.pressed ? 2 : 0) | (pointer.visible ? 1 : 0));
  view.setUint16(1, toWord(pointer.x));
  view.setUint16(3, toWord(pointer.y));
  return bytes;
}

/** Reads a payload from another client; undefined for what this page does not know. Longer ones are newer: the rest is ignored. */
export function decodePointer(payload: Uint8Array): Pointer | undefined {
  if (payload.length < BYTES) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, BYTES);
  const flags = view.getUint8(0);
  if (flags >>> 4 !== VERSION) return undefined;
  return {
    x: view.getUint16(1) / FULL,
    y: view.getUint16(3) / FULL,
    pressed: (flags & 2) !== 0,
    visible: (flags & 1) !== 0,
  };
}
