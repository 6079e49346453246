import { expect, it } from 'vitest';
import { eventually } from '../../support/inbox.ts';
import { fill, seat, startLane } from '../../support/lanes.ts';
import { bareClient } from '../../support/raw-socket.ts';
import type { Peer } from '../../support/relay.ts';
import { clientFrame, OPCODE } from '../../support/wire-frames.ts';

const MB = 1_048_576;

it.each(['fast', 'ws'] as const)(
  'a flood in one room lets another one through on the lane %s',
  async (lane) => {
    await using relay = await startLane(lane, { SEND_BUDGET: 256 * MB });
    const { counts } = relay.relay;
    const quiet = await fill(relay, 2, 'anteroom.raw.v1');
    const [asks, answers] = quiet.peers as [Peer, Peer];
    const crowd = seat(relay, 20);
    const members = await Promise.all(
      crowd.clients.map((client) => bareClient(relay.port, crowd.room_id, client)),
    );
    await eventually(() => relay.relay.registry.clients === 22);
    for (const { socket } of members) socket.removeAllListeners('data').resume();
    // In all to some 140 MB, of which the kernel holds enough for the relay to do it in one turn or two.
    const message = clientFrame(OPCODE.BINARY, Buffer.alloc(60_000, 'flood'));
    const flood = Buffer.concat(Array.from({ length: 40 }, () => message));
    for (const member of members.slice(0, 3)) member.write(flood);
    await eventually(() => counts.messages_out > 0);

    /** Bytes of the flood that went out while one message of the quiet room was under way. */
    const meanwhile: number[] = [];
    while (counts.messages_in < 3 * 40 + meanwhile.length) {
      const before = counts.bytes_out;
      asks.send('are you there?');
      await answers.next();
      meanwhile.push(counts.bytes_out - before);
    }
    expect(meanwhile.length).toBeGreaterThan(3);
    // Each turn is worth 4 MB and what it takes to see that; a message takes two or three.
    expect(Math.max(...meanwhile)).toBeLessThan(32 * MB);
    await eventually(() => counts.messages_out === 3 * 40 * 19 + meanwhile.length);
    for (const member of members) member.destroy();
  },
);

it('many that say something large at once are read over several turns, each of them', async () => {
  await using relay = await startLane('fast', { SEND_BUDGET: 256 * MB });
  const { counts } = relay.relay;
  const crowd = seat(relay, 40);
  const members = await Promise.all(
    crowd.clients.map((client) => bareClient(relay.port, crowd.room_id, client)),
  );
  await eventually(() => relay.relay.registry.clients === members.length);
  for (const { socket } of members) socket.removeAllListeners('data').resume();
  // Each costs 2 MB: all of them in one turn would be some 90.
  for (const member of members) member.write(clientFrame(OPCODE.BINARY, Buffer.alloc(60_000)));
  let most = 0;
  while (counts.messages_out < 40 * 39) {
    const before = counts.bytes_out;
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, counts.bytes_out - before);
  }
  expect(most).toBeLessThan(32 * MB);
  expect(counts.messages_in).toBe(40);
  for (const member of members) member.destroy();
});
