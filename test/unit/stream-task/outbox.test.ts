import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MESSAGE_OVERHEAD_BYTES, Outbox, type Wire } from '../../../stream-task/outbox.ts';

/** A kernel that takes as much as it is told to, and reads what it holds only when it comes to it. */
class SlowKernel implements Wire {
  readonly taken: Buffer[] = [];
  room = 0;
  #held: Uint8Array[] = [];

  get waiting(): number {
    return this.#held.reduce((sum, { length }) => sum + length, 0);
  }

  write(frames: Uint8Array): boolean {
    this.#held.push(frames);
    this.take();
    return this.#held.length === 0;
  }

  /** Takes what there is room for. */
  take(): void {
    while (this.#held.length > 0 && (this.room > 0 || this.#held[0]!.length === 0)) {
      const first = this.#held.shift()!;
      const now = first.subarray(0, Math.min(this.room, first.length));
      this.taken.push(Buffer.from(now));
      this.room -= now.length;
      if (now.length < first.length) this.#held.unshift(first.subarray(now.length));
    }
  }

  get empty(): boolean {
    return this.#held.length === 0;
  }
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    length: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 40_000 })),
    messages: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({
    kind: fc.constant('room' as const),
    bytes: fc.oneof(fc.nat(500), fc.nat(100_000)),
  }),
);

describe('outbox', () => {
  it('gives everything to the kernel once and in order, whatever it takes at a time, and says what waits', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, finished) => {
        const wire = new SlowKernel();
        const outbox = new Outbox(wire);
        const written: Buffer[] = [];
        let messages = 0;
        const makeRoom = (bytes: number): void => {
          wire.room += bytes;
          const busy = !outbox.idle;
          wire.take();
          if (busy && wire.empty) outbox.drained();
          if (outbox.idle) messages = 0;
        };
        const given = (): number => wire.taken.reduce((sum, { length }) => sum + length, 0);
        let byte = 0;
        for (const one of steps) {
          if (one.kind === 'room') makeRoom(one.bytes);
          else {
            const frames = Buffer.alloc(one.length, ++byte & 0xff);
            written.push(Buffer.from(frames));
            const kept = outbox.write(frames, one.messages);
            if (!outbox.idle) messages += one.messages;
            // What is not kept may be anything afterwards.
            if (!kept) frames.fill(0xee);
          }
          const all = written.reduce((sum, { length }) => sum + length, 0);
          const waiting = outbox.waiting;
          expect(waiting).toBeGreaterThanOrEqual(all - given());
          expect(waiting).toBeLessThanOrEqual(all - given() + messages * MESSAGE_OVERHEAD_BYTES);
          expect(outbox.idle).toBe(given() === all);
        }
        // Told to finish, it keeps nothing back; else it gives all of it in the end.
        if (finished) outbox.finish();
        const rounds = finished ? 0 : 1_000;
        for (let n = 0; !outbox.idle && n < rounds; n++) makeRoom(10_000);
        wire.room = Infinity;
        wire.take();
        if (!outbox.idle) outbox.drained();
        expect(Buffer.concat(wire.taken).equals(Buffer.concat(written))).toBe(true);
        expect([outbox.idle, outbox.waiting]).toEqual([true, 0]);
      }),
      { numRuns: 200 },
    );
  });

  it('counts each message that waits, however small', () => {
    const wire = new SlowKernel();
    const outbox = new Outbox(wire);
    outbox.write(Buffer.alloc(10), 2);
    outbox.write(Buffer.alloc(20), 3);
    expect(outbox.waiting).toBe(30 + 5 * MESSAGE_OVERHEAD_BYTES);
  });
});
