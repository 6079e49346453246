/** Whole WebSocket frames as a server sends them (RFC 6455 §5.2), back to back. */

export const TEXT = 1;
export const BINARY = 2;

/** The payload of the frame at `at` begins so many bytes later. */
export function headerBytes(frames: Uint8Array, at: number): number {
  const short = frames[at + 1]!;
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}

/** Length of the payload of the frame at `at`. */
export function payloadBytes(frames: Uint8Array, at: number): number {
  const short = frames[at + 1]!;
  if (short < 126) return short;
  if (short === 126) return (frames[at + 2]! << 8) | frames[at + 3]!;
  // Messages have far fewer than 2^32 bytes.
  return frames[at + 6]! * 2 ** 24 + ((frames[at + 7]! << 16) | (frames[at + 8]! << 8) | frames[at + 9]!);
}

/** How many messages, text and binary, `frames` are. */
export function countMessages(frames: Uint8Array): number {
  let messages = 0;
  for (let at = 0; at < frames.length; at += headerBytes(frames, at) + payloadBytes(frames, at)) {
    if ((frames[at]! & 15) <= BINARY) messages++;
  }
  return messages;
}

/** The bytes of those messages, without the headers of their frames. */
export function messageBytes(frames: Uint8Array): number {
  let bytes = 0;
  for (let at = 0; at < frames.length;) {
    const payload = payloadBytes(frames, at);
    bytes += payload;
    at += headerBytes(frames, at) + payload;
  }
  return bytes;
}

/** A whole message in one frame. */
export function serverFrame(opcode: typeof TEXT | typeof BINARY, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = new Uint8Array(header + length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x80 | opcode;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    view.setUint16(2, length);
  } else {
    frame[1] = 127;
    view.setBigUint64(2, BigInt(length));
  }
  frame.set(payload, header);
  return frame;
}
