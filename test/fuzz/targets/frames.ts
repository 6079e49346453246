/** The header of `anteroom.v1`: every field, right and wrong. [R14]–[R19] */
import fc from 'fast-check';
import { MAX_FRAME_BYTES } from '../relay-under-fire.ts';
import type { Target } from '../target.ts';
import { attackTarget, BAD_FRAME, TOO_LARGE } from '../v1-room.ts';

/** Slots by what is there; numbers are known only when the room stands. */
type Slot = 'own' | 'first' | 'second' | 'empty' | 'relay' | 'all' | number;

const slot: fc.Arbitrary<Slot> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Slot>('own', 'first', 'second', 'empty', 'relay', 'all') },
  { weight: 1, arbitrary: fc.nat(0xffff) },
);

interface Frame {
  version: number;
  class: number;
  flags: number;
  second_byte: number;
  source: Slot;
  destination: Slot;
  payload: Uint8Array;
  /** Bytes of it that are sent, if fewer. */
  cut: number | undefined;
}

const usually = <T>(value: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 20, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other });

const frame: fc.Arbitrary<Frame> = fc.record({
  version: usually(1, fc.nat(3)),
  class: fc.oneof({ weight: 20, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.nat(7) }),
  flags: fc.nat(7),
  second_byte: fc.nat(255),
  source: usually<Slot>('own', slot),
  destination: slot,
  // Also what an ack is (4 bytes), and sizes that none has.
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 9 }),
    usually(6, fc.constantFrom(MAX_FRAME_BYTES - 6, MAX_FRAME_BYTES - 5)).map((size) => new Uint8Array(size)),
  ),
  cut: usually<number | undefined>(undefined, fc.nat(6)),
});

export const framesTarget: Target = attackTarget(
  'frames',
  fc.array(frame, { minLength: 1, maxLength: 15 }),
  (frames, { peer }, room) => {
    const numbers = {
      own: peer.slot,
      first: room.witnesses[0].slot,
      second: room.witnesses[1].slot,
      empty: room.empty_slot,
      relay: 0xfffe,
      all: 0xffff,
    };
    const number = (of: Slot): number => (typeof of === 'number' ? of : numbers[of]);
    const heard: [Buffer[], Buffer[]] = [[], []];
    let code: number | undefined;
    for (const each of frames) {
      const [source, destination] = [number(each.source), number(each.destination)];
      const head = Buffer.of(
        (each.version << 6) | (each.class << 3) | each.flags,
        each.second_byte,
        source >> 8,
        source & 255,
        destination >> 8,
        destination & 255,
      );
      const bytes = Buffer.concat([head, each.payload]).subarray(0, each.cut);
      peer.send(bytes);
      if (code !== undefined) continue;
      if (bytes.length > MAX_FRAME_BYTES) code = TOO_LARGE;
      else if (bytes.length < 6 || each.version !== 1 || each.class > 4 || source !== numbers.own) {
        code = BAD_FRAME;
      } else {
        if (destination === numbers.all || destination === numbers.first) heard[0].push(bytes);
        if (destination === numbers.all || destination === numbers.second) heard[1].push(bytes);
      }
    }
    return { code, heard };
  },
);
