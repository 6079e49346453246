import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Receiver, Sender, UNHINDERED } from '../../../bench/slow/member.ts';
import type { Pace } from '../../../bench/slow/paced-socket.ts';
import type { Seat } from '../../../bench/slow/relay.ts';
import { VIDEO } from '../../../bench/slow/video.ts';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { eventually } from '../../support/inbox.ts';
import { newClient, newRoomId, startTestRelay } from '../../support/relay.ts';

describe('a receiver that cannot keep up, beside one that can', () => {
  /** Plays a video to a fast receiver and to one at `pace`. */
  async function play(pace: Pace, during: (slow: Receiver, sender: Sender) => Promise<void>) {
    await using test = await startTestRelay();
    const room_id = newRoomId();
    const clients = Array.from({ length: 3 }, newClient);
    await test.register(room_id, clients);
    const seats: Seat[] = clients.map((client) => ({
      port: test.port,
      credentials: credentialsToken({ room_id, ...client }),
    }));
    const sender = await Sender.open(seats[0]!, VIDEO);
    const fast = await Receiver.open(seats[1]!, UNHINDERED);
    const slow = await Receiver.open(seats[2]!, pace);
    try {
      sender.start();
      await during(slow, sender);
      sender.stop();
      return { sender, fast, slow };
    } finally {
      for (const member of [sender, fast, slow]) member.end();
    }
  }

  it('[R58] loses upper layers, and nothing that the rest refers to; the other one goes on', async () => {
    const { sender, fast, slow } = await play({ rate: 60_000, delay: 0 }, () => sleep(3_500));
    expect(fast.arrived.length).toBeGreaterThan(sender.sent.length * 0.9);
    expect(slow.arrived.length).toBeLessThan(fast.arrived.length * 0.9);
    expect(slow.arrived.length).toBeGreaterThan(10);
    expect(slow.arrived.every(({ good }) => good)).toBe(true);
    expect(slow.told_dropped).toBeGreaterThan(0);
  });

  it('[R59] comes back from a standstill at a keyframe that is asked for', async () => {
    const { fast, slow } = await play({ rate: undefined, delay: 0 }, async (slow, sender) => {
      await eventually(() => slow.arrived.length > 10);
      slow.pace.rate = 0;
      await eventually(() => sender.level === 3);
      slow.pace.rate = undefined;
      await eventually(() => sender.keyframes_asked > 0);
      const { id } = sender.sent.at(-1)!.frame;
      await eventually(() => slow.arrived.at(-1)!.id > id);
    });
    expect(slow.arrived.length).toBeLessThan(fast.arrived.length);
    expect(slow.arrived.every(({ good }) => good)).toBe(true);
  });
});
