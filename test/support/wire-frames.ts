/** WebSocket frames as bytes, right or wrong, written by hand so that the tests do not trust the library they test. */

export const OPCODE = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

export interface WireFrame {
  fin: boolean;
  /** The three reserved bits, 0–7. */
  rsv: number;
  /** 0–15 */
  opcode: number;
  masked: boolean;
  payload: Uint8Array;
  /** Bytes of the length field: 0 (in the second byte), 2 or 8. Default: the shortest that fits. */
  length_bytes?: 0 | 2 | 8;
  /** What the length field says in place of the length of `payload`; only with 2 or 8 bytes of it. */
  says?: bigint;
  /** Of 4 bytes; by default all frames have the same. */
  mask?: Uint8Array;
}

const MASK = Uint8Array.of(0x12, 0x34, 0x56, 0x78);

/** RFC 6455 §5.2. */
export function encodeFrame(frame: WireFrame): Buffer {
  const { fin, rsv, opcode, masked, payload, says, mask = MASK } = frame;
  const length = says ?? BigInt(payload.length);
  const shortest = length < 126n ? 0 : length < 65_536n ? 2 : 8;
  const length_bytes = Math.max(frame.length_bytes ?? 0, shortest);
  const head = Buffer.alloc(2 + length_bytes);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (length_bytes === 0 ? Number(length) : length_bytes === 2 ? 126 : 127);
  if (length_bytes === 2) head.writeUInt16BE(Number(length), 2);
  if (length_bytes === 8) head.writeBigUInt64BE(BigInt.asUintN(64, length), 2);
  if (!masked) return Buffer.concat([head, payload]);
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ mask[at % 4]!)]);
}

/** A frame of a client as it should be. */
export function clientFrame(opcode: number, payload: Uint8Array | string = '', fin = true): Buffer {
  return encodeFrame({ fin, rsv: 0, opcode, masked: true, payload: Buffer.from(payload) });
}

/** Payload of a close frame. */
export function closePayload(code: number, reason: Uint8Array = new Uint8Array()): Buffer {
  const payload = Buffer.alloc(2 + reason.length);
  payload.writeUInt16BE(code, 0);
  payload.set(reason, 2);
  return payload;
}

export interface ServerFrame {
  opcode: number;
  payload: Buffer;
}

/** Takes frames of a server out of bytes as they come: whole, without mask, as the relay sends them. */
export class FrameReader {
  #bytes = Buffer.alloc(0);

  push(chunk: Uint8Array): ServerFrame[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const frames: ServerFrame[] = [];
    for (;;) {
      const bytes = this.#bytes;
      if (bytes.length < 2) return frames;
      const short = bytes[1]!;
      const start = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (bytes.length < start) return frames;
      const length =
        short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
      if (bytes.length < start + length) return frames;
      frames.push({ opcode: bytes[0]! & 0x0f, payload: bytes.subarray(start, start + length) });
      this.#bytes = bytes.subarray(start + length);
    }
  }
}

/** Payloads of the frames of a client in `bytes`, without their masks. What is not whole at the end is left out. */
export function clientPayloads(bytes: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const short = bytes[at + 1]! & 0x7f;
    const mask_at = at + (short === 127 ? 10 : short === 126 ? 4 : 2);
    const start = mask_at + MASK.length;
    if (bytes.length < start) break;
    const length =
      short === 127
        ? Number(bytes.readBigUInt64BE(at + 2))
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : short;
    if (bytes.length < start + length) break;
    const masked = bytes.subarray(start, start + length);
    payloads.push(Buffer.from(masked.map((byte, n) => byte ^ bytes[mask_at + (n % 4)]!)));
    at = start + length;
  }
  return payloads;
}

/** `bytes` in pieces that end at the given offsets (any order, out of range ignored). */
export function splitAt(bytes: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const cuts = [...new Set(offsets)].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b);
  return [...cuts, bytes.length].map((end, n) => bytes.subarray(n === 0 ? 0 : cuts[n - 1], end));
}
