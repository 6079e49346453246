/** The same bytes on a socket of each lane: the others get the same, the sender the same answers and the same end. [R36] [R38] */
import fc from 'fast-check';
import { eventually } from '../../support/inbox.ts';
import { startLanes } from '../../support/lane-oracle.ts';
import { clientBytes } from '../frame-cases.ts';
import { MAX_FRAME_BYTES } from '../relay-under-fire.ts';
import type { Target } from '../target.ts';

export const lanesTarget: Target = {
  name: 'lanes',
  async start() {
    const lanes = await startLanes({ MAX_FRAME_BYTES });
    return {
      property: fc.asyncProperty(
        fc.record({
          bytes: clientBytes(MAX_FRAME_BYTES),
          cuts: fc.array(fc.oneof(fc.nat(100), fc.nat(9_000)), { maxLength: 10 }),
        }),
        async (sending) => {
          await lanes.assertAgreed(sending);
        },
      ),
      async settled() {
        for (const { relay } of lanes.relays) {
          await eventually(() => relay.sockets() === 2 && relay.registry.clients === 2);
        }
      },
      async stop() {
        await lanes[Symbol.asyncDispose]();
      },
    };
  },
};
