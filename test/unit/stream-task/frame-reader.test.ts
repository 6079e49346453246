import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, type ReaderLimits } from '../../../stream-task/lane/frame-reader.ts';
import { NotingSink, readPieces } from '../../support/reader-oracle.ts';
import {
  clientFrame,
  closePayload,
  encodeFrame,
  OPCODE,
  splitAt,
  type WireFrame,
} from '../../support/wire-frames.ts';

const LIMITS: ReaderLimits = { max_message_bytes: 65_536, max_fragments: 1_024, max_pieces: 1_024 };

interface Reading {
  sink: NotingSink;
  reader: FrameReader;
  /** Brings a whole chunk; how far the reader came. */
  push: (chunk: Buffer, now?: number) => number;
}

function reading(limits: Partial<ReaderLimits> = {}, pause_at?: (told: number) => boolean): Reading {
  const sink = new NotingSink(pause_at);
  const reader = new FrameReader(sink, { ...LIMITS, ...limits });
  return { sink, reader, push: (chunk, now = 0) => reader.read(chunk, 0, chunk.length, now) };
}

const hex = (text: string): string => Buffer.from(text).toString('hex');

const payload = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(125, 126, 16_000));
const lengthBytes = fc.constantFrom(0 as const, 2 as const, 8 as const);

/** One message in fragments, with control frames between them. */
const message = fc
  .array(fc.record({ size: payload, length_bytes: lengthBytes, pings: fc.nat(2) }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((fragments) =>
    fragments.flatMap(({ size, length_bytes, pings }, n): WireFrame[] => [
      {
        fin: n === fragments.length - 1,
        rsv: 0,
        opcode: n === 0 ? OPCODE.BINARY : OPCODE.CONTINUATION,
        masked: true,
        payload: new Uint8Array(size),
        length_bytes,
      },
      ...Array.from({ length: n < fragments.length - 1 ? pings : 0 }, () => ({
        fin: true,
        rsv: 0,
        opcode: OPCODE.PING,
        masked: true,
        payload: new Uint8Array(pings),
      })),
    ]),
  );

describe('frame reader', () => {
  it('counts the fragments and knows when all is complete, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(100_000), { maxLength: 40 }),
        fc.nat(20),
        (messages, cuts, dribbled) => {
          const bytes = Buffer.concat(messages.flat().map(encodeFrame));
          const { sink, reader } = reading();
          readPieces(
            reader,
            sink,
            splitAt(bytes, [...cuts, ...Array.from({ length: dribbled }, (_, n) => n)]),
          );
          expect(sink.fragments).toBe(messages.flat().filter(({ opcode }) => opcode === 0).length);
          expect(sink.findings.filter((finding) => finding.startsWith('binary'))).toHaveLength(
            messages.length,
          );
          expect(reader.since).toBeUndefined();
        },
      ),
      { numRuns: 150 },
    );
  });

  it('takes messages of every length at which the header changes, one after the other in one chunk', () => {
    const lengths = [0, 1, 125, 126, 127, 255, 256, 65_535, 65_536];
    const frames = lengths.map((length) => clientFrame(OPCODE.BINARY, new Uint8Array(length).fill(length)));
    const { sink, push } = reading();
    const chunk = Buffer.concat(frames);
    expect(push(chunk)).toBe(chunk.length);
    expect(sink.findings).toEqual(
      lengths.map((length) => `binary ${Buffer.alloc(length, length).toString('hex')}`),
    );
  });

  describe('since when a message is under way', () => {
    it('is that of its first frame, whatever control frames come in between', () => {
      const { reader, push } = reading();
      expect(reader.since).toBeUndefined();
      push(clientFrame(OPCODE.TEXT, 'a', false), 10);
      expect(reader.since).toBe(10);
      push(clientFrame(OPCODE.PING, 'ping'), 20);
      push(clientFrame(OPCODE.CONTINUATION, 'b', false), 30);
      expect(reader.since).toBe(10);
      push(clientFrame(OPCODE.CONTINUATION, 'c'), 40);
      expect(reader.since).toBeUndefined();
    });

    it('is that of its first byte, byte by byte, and anew with the next message', () => {
      const { reader, push } = reading();
      const frame = clientFrame(OPCODE.BINARY, 'abc');
      for (let n = 0; n < frame.length - 1; n++) {
        push(frame.subarray(n, n + 1), n);
        expect(reader.since).toBe(0);
      }
      push(Buffer.concat([frame.subarray(-1), frame.subarray(0, 1)]), 50);
      expect(reader.since).toBe(50);
      push(frame.subarray(1), 60);
      expect(reader.since).toBeUndefined();
    });

    it('is that of the control frame that is cut, not of one before it', () => {
      const { reader, push } = reading();
      const ping = clientFrame(OPCODE.PING, 'ping');
      push(ping.subarray(0, 3), 10);
      push(Buffer.concat([ping.subarray(3), ping.subarray(0, 3)]), 20);
      expect(reader.since).toBe(20);
      push(ping.subarray(3), 30);
      expect(reader.since).toBeUndefined();
    });

    it('can be excused', () => {
      const { reader, push } = reading();
      const frame = clientFrame(OPCODE.BINARY, 'abc');
      push(frame.subarray(0, 3), 10);
      reader.since = 500;
      push(frame.subarray(3, 5), 600);
      expect(reader.since).toBe(500);
    });

    it('is nothing once nothing is read any more', () => {
      const { reader, push } = reading();
      push(clientFrame(OPCODE.TEXT, 'a', false), 10);
      push(clientFrame(OPCODE.CLOSE), 20);
      push(clientFrame(OPCODE.CONTINUATION, 'a', false), 30);
      expect(reader.since).toBeUndefined();
    });
  });

  describe('when the sink says stop', () => {
    const stream = Buffer.concat([
      clientFrame(OPCODE.BINARY, 'one'),
      clientFrame(OPCODE.TEXT, 'tw', false),
      clientFrame(OPCODE.PING, 'here?'),
      clientFrame(OPCODE.CONTINUATION, '', false),
      clientFrame(OPCODE.PONG, 'there'),
      clientFrame(OPCODE.CONTINUATION, 'o'),
      clientFrame(OPCODE.CONTINUATION, 'no message is under way'),
    ]);
    const findings = [
      `binary ${hex('one')}`,
      `ping ${hex('here?')}`,
      'pong of 5',
      `text ${hex('two')}`,
      'fault 1002',
    ];

    it('reads no further, and goes on there', () => {
      const { sink, reader, push } = reading({}, () => true);
      const ends = [push(stream)];
      for (let calls = 0; calls < 10 && ends.at(-1)! < stream.length; calls++) {
        const before = sink.findings.length + sink.fragments;
        ends.push(reader.read(stream, ends.at(-1)!, stream.length, 0));
        expect(sink.findings.length + sink.fragments).toBe(before + 1);
      }
      // At the end of a frame, or (a fragment) before its mask.
      expect(ends).toEqual([9, 28, 30, 45, 47, 52, stream.length]);
      expect(sink.findings).toEqual(findings);
    });

    it('finds the same wherever it stopped and however the bytes are cut', () => {
      for (let paused = 0; paused < 2 ** 6; paused++) {
        for (let cut = 0; cut < stream.length; cut++) {
          const { sink, reader } = reading({}, (told) => ((paused >> told) & 1) === 1);
          readPieces(reader, sink, splitAt(stream, [cut]));
          expect(sink.findings).toEqual(findings);
        }
      }
    });

    it('has nothing under way after a whole message, whatever is left to read', () => {
      const { reader, push } = reading({}, () => true);
      expect(push(stream, 10)).toBe(9);
      expect(reader.since).toBeUndefined();
    });
  });

  it.each([
    ['a close frame', clientFrame(OPCODE.CLOSE, closePayload(1_000)), 'close 1000 '],
    ['a fault', clientFrame(3), 'fault 1002'],
  ])('reads nothing after %s', (_what, end, finding) => {
    const more = clientFrame(OPCODE.BINARY, 'more');
    const { sink, push } = reading();
    expect(push(Buffer.concat([end, more]))).toBe(end.length + more.length);
    expect(push(more)).toBe(more.length);
    expect(sink.findings).toEqual([finding]);
  });

  describe('limits', () => {
    it('ends a message that is too large at its header', () => {
      const { sink, push } = reading({ max_message_bytes: 1_000 });
      push(clientFrame(OPCODE.BINARY, new Uint8Array(1_000)));
      expect(sink.findings).toHaveLength(1);
      const header = clientFrame(OPCODE.BINARY, new Uint8Array(1_001)).subarray(0, 4);
      push(header.subarray(0, 3));
      expect(sink.over).toBe(false);
      push(header.subarray(3));
      expect(sink.findings.at(-1)).toBe('fault 1009');
    });

    it('ends a message whose fragments are too large together', () => {
      const { sink, push } = reading({ max_message_bytes: 1_000 });
      push(clientFrame(OPCODE.BINARY, new Uint8Array(999), false));
      push(clientFrame(OPCODE.CONTINUATION, new Uint8Array(1), false));
      push(clientFrame(OPCODE.CONTINUATION, new Uint8Array(0), false));
      expect(sink.findings).toEqual([]);
      push(clientFrame(OPCODE.CONTINUATION, new Uint8Array(1)).subarray(0, 2));
      expect(sink.findings).toEqual(['fault 1009']);
    });

    it('counts the fragments of one message', () => {
      const { sink, push } = reading({ max_fragments: 3 });
      const [first, middle] = [
        clientFrame(OPCODE.TEXT, '', false),
        clientFrame(OPCODE.CONTINUATION, '', false),
      ];
      for (let n = 0; n < 2; n++) {
        push(Buffer.concat([first, middle, clientFrame(OPCODE.CONTINUATION, '')]));
      }
      expect(sink.findings).toEqual(['text ', 'text ']);
      push(Buffer.concat([first, middle, middle, clientFrame(OPCODE.PING)]));
      expect(sink.findings.at(-1)).toBe('ping ');
      push(middle);
      expect(sink.findings.at(-1)).toBe('fault 1008');
    });

    it('counts the pieces of one frame', () => {
      const { sink, push } = reading({ max_pieces: 10 });
      const frame = clientFrame(OPCODE.BINARY, new Uint8Array(10));
      const dribble = (bytes: Buffer): void => {
        for (let n = 0; n < bytes.length; n++) push(bytes.subarray(n, n + 1));
      };
      dribble(frame);
      dribble(frame);
      expect(sink.findings).toHaveLength(2);
      dribble(clientFrame(OPCODE.BINARY, new Uint8Array(11)).subarray(0, 16));
      expect(sink.over).toBe(false);
      // The last byte is the eleventh piece.
      push(Buffer.alloc(1));
      expect(sink.findings.at(-1)).toBe('fault 1008');
    });
  });

  it('holds four times what came of a message, not what is announced', () => {
    const size = 16_777_216;
    const header = encodeFrame({
      fin: true,
      rsv: 0,
      opcode: OPCODE.BINARY,
      masked: true,
      payload: new Uint8Array(),
      says: BigInt(size),
    });
    const readers = Array.from({ length: 64 }, () => reading({ max_message_bytes: size }));
    const chunk = Buffer.alloc(1_048_576);
    const before = process.memoryUsage().arrayBuffers;
    for (const { push } of readers) push(Buffer.concat([header, Buffer.alloc(1)]));
    // A gigabyte was announced.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 65_536);
    for (const { push } of readers.slice(0, 4)) push(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 4 * 1_048_577 + 64 * 65_536);
    expect(readers.every(({ sink }) => sink.findings.length === 0)).toBe(true);
  });
});
