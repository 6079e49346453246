/** The relay's frame reader beside the receiver of `ws` 8: the same bytes mean the same to both. [R36] [R38] */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReaderLimits } from '../../../stream-task/lane/frame-reader.ts';
import { readerLimits } from '../../../stream-task/socket.ts';
import { assertCaseAgreed, readerCase } from '../../fuzz/targets/frame-reader.ts';
import { STREAM_LIMITS, STREAMS } from '../../support/frame-streams.ts';
import { assertAgreed, readByLane, readByLibrary } from '../../support/reader-oracle.ts';
import { clientFrame, closePayload, encodeFrame, OPCODE, splitAt } from '../../support/wire-frames.ts';

/** Those of a relay as it is deployed. */
const LIMITS = readerLimits(65_536);
const SMALL: ReaderLimits = { ...LIMITS, ...STREAM_LIMITS };

const whole = { fin: true, rsv: 0, masked: true };
const { CONTINUATION, TEXT, BINARY, CLOSE, PING } = OPCODE;
const smiley = Buffer.from('😀');

/** A frame whose length field says `says`, and no payload. */
const announced = (says: bigint, length_bytes: 2 | 8, opcode: number = BINARY): Buffer =>
  encodeFrame({ ...whole, opcode, payload: new Uint8Array(), length_bytes, says });

/** A header of any kind is complete with these, and so is a payload of 127 bytes; whatever they are then. */
const TAILS = [0x00, 0x01, 0x82].map((byte) => Buffer.alloc(140, byte));

describe('frame reader beside ws', () => {
  it.each([
    ['at the beginning', Buffer.alloc(0)],
    ['within a fragmented text', clientFrame(TEXT, 'a', false)],
  ])(
    'agrees on all 65,536 pairs of first bytes of a frame %s',
    (_where, before) => {
      for (let pair = 0; pair < 65_536; pair++) {
        const head = Buffer.of(pair >> 8, pair & 0xff);
        const tail = TAILS[pair % TAILS.length]!;
        assertAgreed(Buffer.concat([before, head, tail]), [before.length], SMALL);
      }
    },
    60_000,
  );

  it('agrees on all 65,536 close codes', () => {
    const frame = clientFrame(CLOSE, closePayload(0));
    const payload = frame.length - 2;
    const [high, low] = [frame[payload]!, frame[payload + 1]!];
    const taken: unknown[] = [];
    for (let code = 0; code < 65_536; code++) {
      frame[payload] = high ^ (code >> 8);
      frame[payload + 1] = low ^ (code & 0xff);
      const [finding] = assertAgreed(frame, [], LIMITS);
      if (finding !== 'fault 1002') taken.push(finding);
    }
    // RFC 6455 §7.4, and the registry that it set up.
    const [standard, free] = [
      [1_000, 1_001, 1_002, 1_003, 1_007, 1_008, 1_009, 1_010, 1_011, 1_012, 1_013, 1_014],
      Array.from({ length: 2_000 }, (_, n) => 3_000 + n),
    ];
    expect(taken).toEqual([...standard, ...free].map((code) => `close ${code} `));
  }, 60_000);

  it.each(Object.entries(STREAMS))('agrees on %s, cut anywhere', (_what, { frames, are }) => {
    const bytes = Buffer.concat(frames);
    expect(assertAgreed(bytes, [], SMALL)).toEqual(are);
    for (const limits of [LIMITS, SMALL]) {
      const uncut = assertAgreed(bytes, [], limits);
      const all = Array.from({ length: bytes.length }, (_, n) => n);
      expect(assertAgreed(bytes, all, limits)).toEqual(uncut);
      for (const cut of all) {
        expect(assertAgreed(bytes, [cut], limits)).toEqual(uncut);
        if (bytes.length > 50) continue;
        for (let second = cut + 1; second < bytes.length; second++) {
          assertAgreed(bytes, [cut, second], limits);
        }
      }
    }
  });

  it.each([0n, 1n, 125n, 126n, 127n, 200n, 201n, 65_535n])('agrees on a length of %s in 2 bytes', (says) => {
    for (const opcode of [BINARY, CLOSE]) assertAgreed(announced(says, 2, opcode), [3], SMALL);
  });

  it.each(
    [
      200n,
      201n,
      65_536n,
      2n ** 31n,
      2n ** 32n,
      2n ** 32n + 1n,
      2n ** 53n - 1n,
      2n ** 53n,
      2n ** 53n + 1n,
    ].concat([2n ** 63n, 2n ** 63n + 1n, 2n ** 64n - 1n]),
  )('agrees on a length of %s in 8 bytes', (says) => {
    for (const limits of [SMALL, LIMITS, { ...LIMITS, max_message_bytes: 16_777_216 }]) {
      const header = announced(says, 8);
      for (let cut = 0; cut <= header.length; cut++) {
        assertAgreed(header.subarray(0, cut), [9], limits);
        assertAgreed(Buffer.concat([clientFrame(TEXT, 'a', false), header]), [cut], limits);
      }
    }
  });

  it('agrees on how many pieces a frame may arrive in', () => {
    for (const max_pieces of [8, 9, 20]) {
      for (let length = max_pieces - 2; length <= max_pieces + 2; length++) {
        for (const opcode of [TEXT, PING]) {
          const bytes = Buffer.concat([
            clientFrame(BINARY, 'abcde', false),
            clientFrame(opcode === TEXT ? CONTINUATION : opcode, Buffer.alloc(length, 0x61)),
          ]);
          const cuts = Array.from({ length: bytes.length }, (_, n) => n);
          assertAgreed(bytes, cuts, { ...LIMITS, max_pieces });
          for (const skipped of cuts) {
            assertAgreed(bytes, cuts.toSpliced(skipped, 1), { ...LIMITS, max_pieces });
          }
        }
      }
    }
  });

  /**
   * Both count reads, but the lane those of the payload alone, `ws` those of each field of the header as well: the longest
   * has 8 bytes, and the limit of the relay is 1,024 at least.
   */
  it('differs from ws only where a header is more pieces than are allowed', () => {
    const bytes = encodeFrame({ ...whole, opcode: BINARY, payload: smiley, length_bytes: 8 });
    const pieces = splitAt(bytes, [3, 4, 5, 6, 7, 8, 9]);
    const limits = { ...LIMITS, max_pieces: 4 };
    expect(readByLibrary(pieces, limits)).toEqual(['fault 1008']);
    expect(readByLane(pieces, limits)).toEqual([`binary ${smiley.toString('hex')}`]);
  });

  it('agrees on random frames, right and wrong, cut anywhere and stopped anywhere', () => {
    fc.assert(
      fc.property(readerCase, (each) => assertCaseAgreed(each)),
      { numRuns: 1_500 },
    );
  });

  it('shows the bytes and the splits of what they do not agree on', () => {
    const limits = { ...LIMITS, max_pieces: 4 };
    const bytes = encodeFrame({ ...whole, opcode: BINARY, payload: smiley, length_bytes: 8 });
    expect(() => assertAgreed(bytes, [3, 4, 5, 6, 7], limits)).toThrow(
      `bytes ${bytes.toString('hex')}\nsplit at [3,4,5,6,7]`,
    );
  });
});
