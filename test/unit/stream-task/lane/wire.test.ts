import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as library from 'ws';
import * as frame from '../../../../shared/protocol/frame.ts';
import {
  maskedAck,
  maskedDestination,
  maskedFault,
  maskedSource,
} from '../../../../stream-task/lane/masked-header.ts';
import {
  closeFrame,
  headerBytes,
  OPCODE,
  serverFrame,
  writeHeader,
} from '../../../../stream-task/lane/server-frame.ts';
import { createSlab, unmaskBytes, unmasked, unmaskInto } from '../../../../stream-task/lane/unmask.ts';

/** Of `ws`, which has no types for it: a stream that parses what is written to it. */
interface Receiver {
  on(event: 'message', listener: (data: Buffer, binary: boolean) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  write(bytes: Buffer): void;
}
const { Receiver } = library as unknown as { Receiver: new (options: object) => Receiver };

/** RFC 6455 §5.3, as it stands there. */
function xor(bytes: Uint8Array, mask: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeInt32LE(mask);
  return Buffer.from(bytes.map((byte, at) => byte ^ key[at % 4]!));
}

describe('unmasking', () => {
  const source = Buffer.from(Array.from({ length: 100 }, (_, n) => (n * 37 + 11) & 0xff));

  it('is right at every alignment and length, and writes nothing else', () => {
    const slab = createSlab(96);
    const wrong: string[] = [];
    for (let to = 0; to < 8; to++) {
      for (let at = 0; at < 5; at++) {
        for (let length = 0; length <= 70; length++) {
          for (const mask of [0, 1, -1, 0x80_00_00_00 | 0, 0x12_34_56_78]) {
            slab.bytes.fill(0xaa);
            unmaskInto(slab, to, source, at, length, mask);
            const expected = Buffer.alloc(96, 0xaa);
            xor(source.subarray(at, at + length), mask).copy(expected, to);
            if (!slab.bytes.equals(expected)) wrong.push(`to ${to} at ${at} length ${length} ${mask}`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is the same in all its forms', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.integer(), fc.nat(9), (bytes, mask, to) => {
        const from = Buffer.from(bytes);
        const slab = createSlab(to + bytes.length);
        const plain = Buffer.alloc(to + bytes.length);
        unmaskInto(slab, to, from, 0, from.length, mask);
        unmaskBytes(plain, to, from, 0, from.length, mask);
        const expected = xor(bytes, mask);
        expect(slab.bytes.subarray(to, to + bytes.length).equals(expected)).toBe(true);
        expect(plain.subarray(to).equals(expected)).toBe(true);
        expect(unmasked(from, 0, from.length, mask).equals(expected)).toBe(true);
      }),
    );
  });
});

describe('frames of the relay', () => {
  /** What `ws` makes of them. */
  function read(frames: Buffer): { binary: boolean; data: Buffer }[] {
    const receiver = new Receiver({ isServer: false, maxPayload: 0 });
    const messages: { binary: boolean; data: Buffer }[] = [];
    receiver.on('message', (data: Buffer, binary: boolean) => messages.push({ binary, data }));
    receiver.on('error', (error: Error) => {
      throw error;
    });
    receiver.write(frames);
    return messages;
  }

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 1_000_000])(
    'of %d bytes are read by ws',
    (length) => {
      const payload = Buffer.alloc(length, 'abc');
      const bytes = serverFrame(OPCODE.BINARY, payload);
      expect(bytes.length).toBe(headerBytes(length) + length);
      const [message, ...more] = read(Buffer.concat([bytes, serverFrame(OPCODE.TEXT, Buffer.from('x'))]));
      expect(message!.binary).toBe(true);
      expect(message!.data.equals(payload)).toBe(true);
      expect(more).toMatchObject([{ binary: false }]);
    },
  );

  it('write all bytes of a header over whatever was there', () => {
    const into = Buffer.alloc(20, 0xff);
    expect(writeHeader(into, 3, OPCODE.TEXT, 0x12_34_56_78)).toBe(13);
    expect(into.toString('hex')).toBe(`ffffff817f0000000012345678${'ff'.repeat(7)}`);
  });

  it.each([
    [1_000, 'an end', `880803e8${Buffer.from('an end').toString('hex')}`],
    [4_503, '', '88021197'],
    [1_005, '', '8800'],
  ])('close with %d "%s"', (code, reason, hex) => {
    expect(closeFrame(code, reason).toString('hex')).toBe(hex);
  });
});

it('a header is read under its mask as without one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), fc.integer(), fc.nat(5), (bytes, mask, at) => {
      const from = Buffer.concat([Buffer.alloc(at), xor(bytes, mask)]);
      const fault = frame.headerFault(bytes);
      expect(maskedFault(from, at, bytes.length, mask)).toBe(fault);
      fc.pre(bytes.length >= frame.HEADER_BYTES);
      expect(maskedSource(from, at, mask)).toBe(frame.sourceOf(bytes));
      expect(maskedDestination(from, at, mask)).toBe(frame.destinationOf(bytes));
      const is_ack = ((bytes[0]! >>> 3) & 7) === frame.FRAME_CLASS.CTRL && bytes.length === 10;
      const count = is_ack ? Buffer.from(bytes).readUInt32BE(6) : undefined;
      expect(maskedAck(from, at, bytes.length, mask)).toBe(count);
    }),
    { numRuns: 1_000 },
  );
});
