import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameMeter } from '../../../stream-task/frame-meter.ts';
import { clientFrame, encodeFrame, OPCODE, splitAt, type WireFrame } from '../../support/wire-frames.ts';

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

describe('frame meter', () => {
  it('counts the fragments and knows when all is complete, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(100_000), { maxLength: 40 }),
        fc.nat(20),
        (messages, cuts, dribbled) => {
          const bytes = Buffer.concat(messages.flat().map(encodeFrame));
          const meter = new FrameMeter();
          let fragments = 0;
          const pieces = splitAt(bytes, [...cuts, ...Array.from({ length: dribbled }, (_, n) => n)]);
          for (const piece of pieces.slice(0, -1)) fragments += meter.push(piece, 1);
          fragments += meter.push(pieces.at(-1)!, 2);
          expect(fragments).toBe(messages.flat().filter(({ opcode }) => opcode === 0).length);
          expect(meter.since).toBeUndefined();
        },
      ),
      { numRuns: 150 },
    );
  });

  it('says since when a message is under way, whatever control frames come in between', () => {
    const meter = new FrameMeter();
    expect(meter.since).toBeUndefined();
    meter.push(clientFrame(OPCODE.TEXT, 'a', false), 10);
    expect(meter.since).toBe(10);
    meter.push(clientFrame(OPCODE.PING, 'ping'), 20);
    meter.push(clientFrame(OPCODE.CONTINUATION, 'b', false), 30);
    expect(meter.since).toBe(10);
    meter.push(clientFrame(OPCODE.CONTINUATION, 'c'), 40);
    expect(meter.since).toBeUndefined();
  });

  it('says since when a frame is under way, byte by byte, and begins anew with the next message', () => {
    const meter = new FrameMeter();
    const frame = clientFrame(OPCODE.BINARY, 'abc');
    for (let n = 0; n < frame.length - 1; n++) {
      meter.push(frame.subarray(n, n + 1), n);
      expect(meter.since).toBe(0);
    }
    meter.push(Buffer.concat([frame.subarray(-1), frame.subarray(0, 1)]), 50);
    expect(meter.since).toBe(50);
    meter.push(frame.subarray(1), 60);
    expect(meter.since).toBeUndefined();
  });

  it('says since when a control frame is under way, not one before it', () => {
    const meter = new FrameMeter();
    const ping = clientFrame(OPCODE.PING, 'ping');
    meter.push(ping.subarray(0, 3), 10);
    meter.push(Buffer.concat([ping.subarray(3), ping.subarray(0, 3)]), 20);
    expect(meter.since).toBe(20);
    meter.push(ping.subarray(3), 30);
    expect(meter.since).toBeUndefined();
  });
});
