/**
 * The 6-byte header of an `anteroom.v1` frame, big-endian, in clear:
 *
 * ```
 * 0    version:2 (=1) | class:3 | droppable:1 | keyframe:1 | e2e:1
 * 1    layer:3 | stream:5
 * 2-3  source slot
 * 4-5  destination slot
 * ```
 */
export const HEADER_BYTES = 6;
export const FRAME_VERSION = 1;

export const FRAME_CLASS = { CTRL: 0, MSG: 1, POSE: 2, VIDEO: 3, AUDIO: 4 } as const;
export type FrameClass = (typeof FRAME_CLASS)[keyof typeof FRAME_CLASS];

/** Destination: every other client of the room. */
export const TO_ALL = 0xffff;
/** Destination: the relay itself. */
export const TO_RELAY = 0xfffe;
/** Payload of an acknowledgement to the relay: a count of messages, 32 bits. */
export const ACK_BYTES = 4;
/** The highest slot a client can hold; the two above it are the destinations of their own. */
export const MAX_SLOT = 0xfffd;
/** The highest number that a stream of a sender can have. */
export const MAX_STREAM = 31;
/** The highest temporal layer. */
export const MAX_LAYER = 7;

export interface FrameHeader {
  class: FrameClass;
  /** May be dropped by a relay for a slow receiver. */
  droppable: boolean;
  keyframe: boolean;
  /** The payload is sealed end to end. */
  e2e: boolean;
  /** Temporal layer, 0–7. */
  layer: number;
  /** Stream of this sender, 0–31. */
  stream: number;
  source: number;
  destination: number;
}

/** Why a frame is refused (close code 4400). */
export type FrameFault = 'short' | 'version' | 'class';

/** Writes `header` into the first six bytes of `into`. The fields must be in range; they come from our own code. */
export function writeHeader(into: Uint8Array, header: FrameHeader): void {
  into[0] =
    (FRAME_VERSION << 6) |
    (header.class << 3) |
    (header.droppable ? 4 : 0) |
    (header.keyframe ? 2 : 0) |
    (header.e2e ? 1 : 0);
  into[1] = (header.layer << 5) | header.stream;
  into[2] = header.source >>> 8;
  into[3] = header.source & 0xff;
  into[4] = header.destination >>> 8;
  into[5] = header.destination & 0xff;
}

/** A whole frame: header, then payload. */
export function encodeFrame(header: FrameHeader, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  writeHeader(frame, header);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** What is wrong with the header of `frame`; undefined if it is well formed. Allocates nothing: it is on the hot path. */
export function headerFault(frame: Uint8Array): FrameFault | undefined {
  if (frame.length < HEADER_BYTES) return 'short';
  const first = frame[0]!;
  if (first >>> 6 !== FRAME_VERSION) return 'version';
  if (((first >>> 3) & 7) > FRAME_CLASS.AUDIO) return 'class';
  return undefined;
}

/** Source slot of a frame whose header is well formed. */
export function sourceOf(frame: Uint8Array): number {
  return (frame[2]! << 8) | frame[3]!;
}

/** Destination slot of a frame whose header is well formed. */
export function destinationOf(frame: Uint8Array): number {
  return (frame[4]! << 8) | frame[5]!;
}

/** Reads the header of a well-formed frame (see {@link headerFault}). */
export function readHeader(frame: Uint8Array): FrameHeader {
  const first = frame[0]!;
  const second = frame[1]!;
  return {
    class: ((first >>> 3) & 7) as FrameClass,
    droppable: (first & 4) !== 0,
    keyframe: (first & 2) !== 0,
    e2e: (first & 1) !== 0,
    layer: second >>> 5,
    stream: second & 31,
    source: sourceOf(frame),
    destination: destinationOf(frame),
  };
}

/** The payload of a frame: a view, not a copy. */
export function payloadOf(frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return frame.subarray(HEADER_BYTES);
}
