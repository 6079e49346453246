import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LOG_BYTES, RoomLog, type Sender, type Slice } from '../../../stream-task/room-log.ts';
import { FrameReader } from '../../support/wire-frames.ts';

const SENDERS = 4;
/** Mostly small, now and then up to and beyond a whole log. */
const length = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 300 }) },
  { weight: 2, arbitrary: fc.integer({ min: 60_000, max: LOG_BYTES + 4 }) },
  { weight: 1, arbitrary: fc.integer({ min: 4 * LOG_BYTES - 20, max: 5 * LOG_BYTES }) },
);
const sending = fc.record({
  sender: fc.nat({ max: SENDERS - 1 }),
  length,
  mask: fc.integer(),
  /** Its bytes are not what they should be. */
  wrong: fc.nat(9).map((n) => n === 0),
});
/** Some messages; the log is closed behind each turn, which some receiver may not have read yet. */
const turn = fc.record({ sent: fc.array(sending, { minLength: 1, maxLength: 12 }), kept: fc.boolean() });

interface Given {
  slice: Buffer;
  copy: Buffer;
}

/** The payload of message `n`: its number, then bytes that follow from it. */
function payloadOf(n: number, bytes: number): Buffer {
  const payload = Buffer.alloc(bytes, `${n} `);
  if (bytes >= 4) payload.writeUInt32BE(n);
  return payload;
}

function masked(payload: Buffer, mask: number): Buffer {
  return Buffer.from(payload.map((byte, at) => byte ^ (mask >>> (8 * (at & 3)))));
}

it('each receiver gets what the others sent in one slice, whole and in order; nothing that is kept is written to', () => {
  const into: Slice = { frames: Buffer.alloc(0), messages: 0, bytes: 0 };
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 12 }), (turns) => {
      const senders: Sender[] = Array.from({ length: SENDERS }, () => ({ log_serial: 0, log_part: 0 }));
      const given: Given[] = [];
      let log: RoomLog | undefined;
      let sent: { sender: number; payload: Buffer }[] = [];
      let number = 0;

      /** One more than there are senders: who sent nothing gets all. */
      const flush = (kept: boolean): void => {
        if (log === undefined) return;
        for (let who = 0; who <= SENDERS; who++) {
          const receiver = senders[who];
          const own = receiver?.log_serial === log.serial;
          const all = { frames: log.all(), messages: log.messages, bytes: log.bytes };
          const slice = own ? { ...log.without(receiver, into) } : all;
          const frames = new FrameReader().push(slice.frames);
          const payloads = frames.map(({ payload }) => payload);
          const others = sent.filter(({ sender }) => sender !== who);
          expect(payloads).toHaveLength(others.length);
          expect(sorted(payloads)).toEqual(sorted(others.map(({ payload }) => payload)));
          // Short ones have no number: that they are there is all that can be said of them.
          const marked = payloads.filter((payload) => payload.length >= 4);
          for (let of = 0; of < SENDERS; of++) {
            const mine = others.filter(({ sender, payload }) => sender === of && payload.length >= 4);
            const order = new Set(mine.map(({ payload }) => payload.readUInt32BE()));
            const came = marked.map((payload) => payload.readUInt32BE()).filter((n) => order.has(n));
            expect(came).toEqual([...order]);
          }
          expect([slice.messages, slice.bytes]).toEqual([
            others.length,
            others.reduce((sum, { payload }) => sum + payload.length, 0),
          ]);
          if (kept) given.push({ slice: slice.frames, copy: Buffer.from(slice.frames) });
        }
        log.close(kept);
        log = undefined;
        sent = [];
      };

      for (const { sent: messages, kept } of turns) {
        for (const { sender, length, mask, wrong } of messages) {
          if (log !== undefined && !log.fits(senders[sender]!, length)) flush(kept);
          log ??= RoomLog.open();
          const payload = payloadOf(number++, length);
          const before = [log.messages, log.bytes];
          const added = log.add(
            senders[sender]!,
            Buffer.concat([Buffer.from('xyz'), masked(payload, mask)]),
            3,
            length,
            mask,
            true,
            wrong ? (bytes) => !bytes.equals(payload) : (bytes) => bytes.equals(payload),
          );
          expect(added).toBe(!wrong);
          expect(log.messages - before[0]!, 'messages').toBe(added ? 1 : 0);
          expect(log.bytes - before[1]!, 'bytes').toBe(added ? length : 0);
          if (added) sent.push({ sender, payload });
        }
        flush(kept);
        // Nobody reads them before the turn ends, and some much later.
        for (const { slice, copy } of given) expect(slice.equals(copy)).toBe(true);
      }
    }),
    { numRuns: 15 },
  );
});

const sorted = (payloads: Buffer[]): string[] =>
  payloads.map((payload) => `${payload.length} ${payload.subarray(0, 8).toString('hex')}`).sort();

it('a log that some receiver has not read does not hold more than its own slab', () => {
  const sender: Sender = { log_serial: 0, log_part: 0 };
  const log = RoomLog.open();
  expect(log.add(sender, Buffer.alloc(20 * LOG_BYTES), 0, 20 * LOG_BYTES, 0, true)).toBe(true);
  expect(log.fits(sender, 0)).toBe(false);
  log.close(false);
  const next = RoomLog.open();
  next.add(sender, Buffer.alloc(1), 0, 1, 0, true);
  expect(next.all().buffer.byteLength).toBeLessThan(5 * LOG_BYTES);
  next.close(false);
});

it('a receiver that does not read keeps little of a room in which little is said', () => {
  const sender: Sender = { log_serial: 0, log_part: 0 };
  const kept: Buffer[] = [];
  for (let n = 0; n < 8_000; n++) {
    const log = RoomLog.open();
    log.add(sender, Buffer.alloc(100), 0, 100, 0, true);
    // The slab of larger logs before is used up by then.
    if (n >= 7_900) kept.push(log.all());
    log.close(true);
  }
  const slabs = new Set(kept.map(({ buffer }) => buffer));
  const bytes = [...slabs].reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(bytes).toBeLessThan(100 * 100 * 3 + 2 * 8_192);
});
