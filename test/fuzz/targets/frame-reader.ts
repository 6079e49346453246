/** The relay's frame reader beside the receiver of `ws`: the same bytes, cut anywhere, mean the same to both. [R36] [R38] */
import fc from 'fast-check';
import { assertAgreed } from '../../support/reader-oracle.ts';
import { clientBytes } from '../frame-cases.ts';
import type { Target } from '../target.ts';

/** Small, so that each limit is reached; not so small that the header of a frame could be too many pieces. */
const limits = fc.constantFrom(
  { max_message_bytes: 200, max_fragments: 4, max_pieces: 8 },
  { max_message_bytes: 8_192, max_fragments: 1_024, max_pieces: 1_024 },
);

/** One case in memory takes microseconds: so many are one of those that a run counts. */
const AT_ONCE = 50;

export const readerCase = limits.chain((limits) =>
  fc.record({
    limits: fc.constant(limits),
    bytes: clientBytes(limits.max_message_bytes),
    cuts: fc.array(fc.oneof(fc.nat(60), fc.nat(9_000)), { maxLength: 20 }),
    /** Bit n: the reader is stopped at the nth thing that it tells. */
    pauses: fc.oneof(fc.constant(0), fc.nat(0xffff)),
  }),
);

export type ReaderCase = typeof readerCase extends fc.Arbitrary<infer T> ? T : never;

/** Throws where the two differ. */
export function assertCaseAgreed({ bytes, cuts, limits, pauses }: ReaderCase): void {
  assertAgreed(bytes, cuts, limits, (told) => ((pauses >> (told % 16)) & 1) === 1);
}

export const frameReaderTarget: Target = {
  name: 'frame-reader',
  start: () =>
    Promise.resolve({
      property: fc.asyncProperty(
        fc.array(readerCase, { minLength: 1, maxLength: AT_ONCE, size: 'max' }),
        (cases) => {
          for (const each of cases) assertCaseAgreed(each);
          return Promise.resolve();
        },
      ),
      settled: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    }),
};
