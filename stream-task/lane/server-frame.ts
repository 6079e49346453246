/** The frames that the relay sends (RFC 6455 §5.2): one frame a message, not masked. */
export const OPCODE = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;
export type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

const FIN = 0x80;
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
