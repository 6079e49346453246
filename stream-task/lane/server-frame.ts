/** The frames that the relay sends (RFC 6455 §5.2): one frame a message, not masked. */
export const OPCODE = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;
export type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

const FIN = 0x80;
const OPCODE_BITS = 0x0f;
/** In the place of the length: it follows in 2 bytes, in 8 bytes. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** Bytes of the header of a frame with a payload of `length` bytes. */
export function headerBytes(length: number): number {
  return length < LENGTH_16 ? 2 : length < 65_536 ? 4 : 10;
}

/** Writes that header to `into` at `at`; where the payload begins. */
export function writeHeader(into: Uint8Array, at: number, opcode: Opcode, length: number): number {
  into[at] = FIN | opcode;
  if (length < LENGTH_16) {
    into[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    into[at + 1] = LENGTH_16;
    into[at + 2] = length >>> 8;
    into[at + 3] = length & 0xff;
    return at + 4;
  }
  into[at + 1] = LENGTH_64;
  // No message has 4 GiB: the upper half is zero.
  into.fill(0, at + 2, at + 6);
  into[at + 6] = length >>> 24;
  into[at + 7] = (length >>> 16) & 0xff;
  into[at + 8] = (length >>> 8) & 0xff;
  into[at + 9] = length & 0xff;
  return at + 10;
}

/** A whole frame. */
export function serverFrame(opcode: Opcode, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes(payload.length) + payload.length);
  frame.set(payload, writeHeader(frame, 0, opcode, payload.length));
  return frame;
}

/** Bytes of the header of the frame at `at`. */
export function headerBytesAt(frames: Uint8Array, at: number): number {
  const short = frames[at + 1]!;
  return short < LENGTH_16 ? 2 : short === LENGTH_16 ? 4 : 10;
}

/** Bytes of the payload of the frame at `at`. */
export function payloadBytesAt(frames: Uint8Array, at: number): number {
  const short = frames[at + 1]!;
  if (short < LENGTH_16) return short;
  if (short === LENGTH_16) return (frames[at + 2]! << 8) | frames[at + 3]!;
  return frames[at + 6]! * 2 ** 24 + ((frames[at + 7]! << 16) | (frames[at + 8]! << 8) | frames[at + 9]!);
}

/** Opcode of the frame at `at`. */
export function opcodeAt(frames: Uint8Array, at: number): number {
  return frames[at]! & OPCODE_BITS;
}

/** How many messages `frames` are, whole frames back to back. */
export function countMessages(frames: Uint8Array): number {
  let messages = 0;
  for (let at = 0; at < frames.length; at += headerBytesAt(frames, at) + payloadBytesAt(frames, at)) {
    if (opcodeAt(frames, at) <= OPCODE.BINARY) messages++;
  }
  return messages;
}

/** The bytes of their payloads. */
export function messageBytes(frames: Uint8Array): number {
  let bytes = 0;
  for (let at = 0; at < frames.length;) {
    const payload = payloadBytesAt(frames, at);
    bytes += payload;
    at += headerBytesAt(frames, at) + payload;
  }
  return bytes;
}

/** A close frame; 1005 stands for one without a code. `reason`: 123 bytes of UTF-8 at most. */
export function closeFrame(code: number, reason: Uint8Array | string = ''): Buffer {
  if (code === NO_CODE) return serverFrame(OPCODE.CLOSE, new Uint8Array(0));
  const text = typeof reason === 'string' ? Buffer.from(reason) : reason;
  const payload = Buffer.allocUnsafe(2 + text.length);
  payload.writeUInt16BE(code);
  payload.set(text, 2);
  return serverFrame(OPCODE.CLOSE, payload);
}

/** Stands for a close frame without a code (RFC 6455 §7.4.1). */
export const NO_CODE = 1_005;
