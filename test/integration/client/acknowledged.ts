import { expect } from 'vitest';
import { FRAME_CLASS, readHeader, TO_RELAY } from '../../../shared/protocol/frame.ts';
import type { RelayPeer } from '../../support/relay-double.ts';

/**
 * Reads a client's acknowledgements until one names as many messages as were sent to it, and returns how many. None may name
 * more, or fewer than before.
 */
export async function allAcknowledged(peer: RelayPeer): Promise<number> {
  for (let before = 0; ;) {
    const frame = await peer.acks.next();
    expect(readHeader(frame)).toMatchObject({
      class: FRAME_CLASS.CTRL,
      source: peer.slot,
      destination: TO_RELAY,
    });
    const received = frame.readUInt32BE(6);
    expect(received).toBeGreaterThan(before);
    expect(received).toBeLessThanOrEqual(peer.sent);
    if (received === peer.sent) return received;
    before = received;
  }
}
