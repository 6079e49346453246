/** Frames of a client, right and wrong. */
import fc from 'fast-check';
import { closePayload, encodeFrame, OPCODE, type WireFrame } from '../support/wire-frames.ts';

const sometimes = (weight: number): fc.Arbitrary<boolean> =>
  fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });

const payloadUpTo = (largest: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.uint8Array({ maxLength: 20 }) },
    { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(124, 125, 126, 127, 1_000, largest - 1, largest, largest + 1)
        .map((length) => new Uint8Array(length).fill(0x61)),
    },
  );

const frameUpTo = (largest: number): fc.Arbitrary<WireFrame> =>
  fc
    .record({
      fin: sometimes(2).map((not) => !not),
      rsv: fc.oneof({ weight: 25, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(7) }),
      opcode: fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(0, 0, 1, 2, 2, 9, 10) },
        { weight: 1, arbitrary: fc.nat(15) },
      ),
      masked: sometimes(30).map((not) => !not),
      payload: payloadUpTo(largest),
      length_bytes: fc.oneof(
        { weight: 12, arbitrary: fc.constant(0 as const) },
        { weight: 1, arbitrary: fc.constantFrom(2 as const, 8 as const) },
      ),
      says: fc.oneof(
        { weight: 40, arbitrary: fc.constant(undefined) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            BigInt(largest + 1),
            65_535n,
            2n ** 32n,
            2n ** 53n - 1n,
            2n ** 53n,
            2n ** 63n,
            2n ** 64n - 1n,
          ),
        },
      ),
    })
    .map(({ says, ...rest }) => (says === undefined ? rest : { ...rest, says }));

const closing: fc.Arbitrary<WireFrame> = fc
  .record({
    code: fc.oneof(
      fc.constantFrom(
        0,
        999,
        1_001,
        1_003,
        1_004,
        1_005,
        1_006,
        1_007,
        1_014,
        1_015,
        2_999,
        3_000,
        4_000,
        5_000,
      ),
      fc.nat(65_535),
    ),
    reason: fc.uint8Array({ maxLength: 30 }),
    cut: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(1) }),
  })
  .map(({ code, reason, cut }) => ({
    fin: true,
    rsv: 0,
    opcode: OPCODE.CLOSE,
    masked: true,
    payload: closePayload(code, reason).subarray(0, cut),
  }));

/** Some frames, the last of them often a close frame, for a receiver that takes messages of up to `largest` bytes. */
export function wireFrames(largest: number): fc.Arbitrary<WireFrame[]> {
  return fc
    .tuple(fc.array(frameUpTo(largest), { maxLength: 12 }), fc.option(closing, { nil: undefined }))
    .map(([frames, last]) => (last === undefined ? frames : [...frames, last]));
}

/** A message in fragments that are cut anywhere, also within a character, and with pings between them. */
const message: fc.Arbitrary<WireFrame[]> = fc
  .record({
    bytes: fc.oneof(
      { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }) },
    ),
    cuts: fc.array(fc.nat(30), { maxLength: 4 }),
    pings: fc.nat(15),
    opcode: fc.constantFrom(OPCODE.TEXT, OPCODE.TEXT, OPCODE.BINARY),
    mask: fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.constant(new Uint8Array(4))),
  })
  .map(({ bytes, cuts, pings, opcode, mask }) => {
    const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
    return ends.flatMap((end, n): WireFrame[] => {
      const [fin, masked, rsv] = [n === ends.length - 1, true, 0];
      const fragment = {
        fin,
        rsv,
        masked,
        mask,
        opcode: n === 0 ? opcode : OPCODE.CONTINUATION,
        payload: bytes.subarray(n === 0 ? 0 : ends[n - 1], end),
      };
      const ping = { fin: true, rsv, masked, opcode: OPCODE.PING, payload: Uint8Array.of(n) };
      return ((pings >> n) & 1) === 1 ? [ping, fragment] : [fragment];
    });
  });

const wellFormed = fc
  .tuple(fc.array(message, { maxLength: 3 }), fc.option(closing, { nil: undefined }))
  .map(([messages, last]) => [...messages.flat(), ...(last === undefined ? [] : [last])]);

/** What may be wrong with bytes on top: some are other ones. */
const damage = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 2 }) },
);

/** The bytes of some frames: well-formed, with faults in the frames, with faults in the bytes, or anything. */
export function clientBytes(largest: number): fc.Arbitrary<Buffer> {
  const frames = fc.oneof(
    { weight: 3, arbitrary: wireFrames(largest) },
    { weight: 4, arbitrary: wellFormed },
  );
  const damaged = fc.tuple(frames, damage).map(([frames, faults]) => {
    const bytes = Buffer.concat(frames.map(encodeFrame));
    for (const [at, byte] of faults) if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });
  return fc.oneof(
    { weight: 15, arbitrary: damaged },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  );
}
