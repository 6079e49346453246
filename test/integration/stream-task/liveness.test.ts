import { describe, expect, it } from 'vitest';
import { startTestRelay } from '../../support/relay.ts';

const FAST = { tick: 10, ping_min: 40, ping_max: 50 };

describe('liveness', () => {
  it('[R41] cuts off a client that answers no pings, and keeps its seat', async () => {
    await using relay = await startTestRelay({ RESUME_GRACE: 60_000 }, FAST);
    const { room_id, clients } = await relay.room(1);
    const dead = await relay.connect(room_id, clients[0]!, 'anteroom.v1', { autoPong: false });
    let pings = 0;
    dead.ws.on('ping', () => pings++);
    expect((await dead.closed).code).toBe(1006);
    expect(pings).toBe(2);
    expect(relay.removals).toEqual([]);
    const again = await relay.connect(room_id, clients[0]!);
    expect((await again.welcomed()).slot).toBe(0);
  });

  it('[R41] keeps a client that answers', async () => {
    await using relay = await startTestRelay({}, FAST);
    const { peers } = await relay.room(1);
    let pings = 0;
    await new Promise<void>((resolve) => {
      peers[0]!.ws.on('ping', () => {
        if (++pings === 8) resolve();
      });
    });
    expect(peers[0]!.open).toBe(true);
  });
});
