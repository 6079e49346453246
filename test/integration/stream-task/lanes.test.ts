import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STREAM_LIMITS, STREAMS } from '../../support/frame-streams.ts';
import { startLanes, type LaneOracle } from '../../support/lane-oracle.ts';

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
});
