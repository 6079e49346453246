import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STREAM_LIMITS, STREAMS } from '../../support/frame-streams.ts';
import { startLanes, type LaneOracle } from '../../support/lane-oracle.ts';
import { clientFrame, OPCODE } from '../../support/wire-frames.ts';

describe('both lanes of the relay', () => {
  let lanes: LaneOracle;
  beforeAll(async () => {
    lanes = await startLanes({ MAX_FRAME_BYTES: STREAM_LIMITS.max_message_bytes });
  });
  afterAll(() => lanes[Symbol.asyncDispose]());

  it.each(Object.entries(STREAMS))('make the same of %s', async (_what, { frames, are }) => {
    const bytes = Buffer.concat(frames);
    // A relay allows more fragments than the streams have.
    const stays = /^(close|fault 100[279])/.test(are.at(-1)!);
    const uncut = await lanes.assertAgreed({ bytes, cuts: [], stays });
    const cut = await lanes.assertAgreed({ bytes, cuts: Array.from({ length: 30 }, (_, n) => n), stays });
    expect(cut).toEqual(uncut);
  });

  it('make the same of a megabyte of messages, whole and in fragments, that comes at once', async () => {
    await using lanes = await startLanes({ SEND_BUDGET: 16_777_216 });
    const frames = Array.from({ length: 600 }, (_, n) => {
      const payload = Buffer.alloc((n * n * 7) % 5_000, n);
      if (n % 7 === 0) return clientFrame(OPCODE.PING, payload.subarray(0, 125));
      if (n % 5 > 0) return clientFrame(OPCODE.BINARY, payload);
      const half = payload.length >> 1;
      return Buffer.concat([
        clientFrame(OPCODE.BINARY, payload.subarray(0, half), false),
        clientFrame(OPCODE.PING, 'between'),
        clientFrame(OPCODE.CONTINUATION, payload.subarray(half)),
      ]);
    });
    const outcome = await lanes.assertAgreed({ bytes: Buffer.concat(frames), cuts: [] });
    expect(outcome.filter((line) => line.startsWith('the other member got'))).toHaveLength(
      frames.filter((_, n) => n % 7 !== 0).length,
    );
  });
});
