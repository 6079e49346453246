import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { eventually } from '../../support/inbox.ts';
import {
  newClient,
  newRoomId,
  startTestRelay,
  type TestClient,
  type TestRelay,
} from '../../support/relay.ts';

/** A client on a bare socket that does what it likes: the handshake is done, nothing after it is read or checked. */
async function bareClient(relay: TestRelay, room_id: string, client: TestClient): Promise<Socket> {
  const socket = connect(relay.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    [
      'GET / HTTP/1.1',
      'Host: relay',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
      `Sec-WebSocket-Protocol: anteroom.raw.v1, ${credentialsToken({ room_id, ...client })}`,
      '',
      '',
    ].join('\r\n'),
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 101 /);
  return socket;
}

/** The close code in what the relay sent, a close frame without anything before it. */
const closeCode = (bytes: Buffer): number => (bytes[0] === 0x88 ? bytes.readUInt16BE(2) : 0);

describe('limits', () => {
  it.each(['anteroom.v1', 'anteroom.raw.v1'] as const)(
    '[R36] closes 4413 on a message that is too large in %s, whole or in fragments',
    async (protocol) => {
      await using relay = await startTestRelay({ MAX_FRAME_BYTES: 1_024, RESUME_GRACE: 60_000 });
      const { peers } = await relay.room(3, protocol);
      const [a, b, c] = peers as [(typeof peers)[0], (typeof peers)[0], (typeof peers)[0]];
      a.send(Buffer.alloc(1_025));
      expect((await a.closed).code).toBe(4413);
      b.ws.send(Buffer.alloc(1_000), { fin: false });
      b.ws.send(Buffer.alloc(25), { fin: true });
      expect((await b.closed).code).toBe(4413);
      expect(c.open).toBe(true);
      expect(relay.relay.counts.messages_in).toBe(0);
      expect(relay.relay.counts.closes.get(4413)).toBe(2);
    },
  );

  it('[R36] closes 4413 on a message that says it is huge, before it comes', async () => {
    await using relay = await startTestRelay();
    const room_id = newRoomId();
    const client = newClient();
    await relay.register(room_id, [client]);
    const socket = await bareClient(relay, room_id, client);
    // A masked binary frame of 2^40 bytes.
    socket.write(Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(closeCode(bytes)).toBe(4413);
    socket.destroy();
  });

  it('[R36] closes 4413 on too many fragments', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(1, 'anteroom.raw.v1');
    for (let n = 0; n < 1_100; n++) peers[0]!.ws.send('', { fin: false });
    expect((await peers[0]!.closed).code).toBe(4413);
  });

  it('[R36] takes a message of just the largest size', async () => {
    await using relay = await startTestRelay({ MAX_FRAME_BYTES: 1_024 });
    const { peers } = await relay.room(2, 'anteroom.raw.v1');
    peers[0]!.send(Buffer.alloc(1_024));
    expect((await peers[1]!.next()).data).toHaveLength(1_024);
  });

  it.each([
    ['a reserved bit', [0xc2, 0x80, 1, 2, 3, 4]],
    ['a reserved opcode', [0x83, 0x80, 1, 2, 3, 4]],
    ['a frame without mask', [0x82, 0x01, 0]],
    ['text that is not UTF-8', [0x81, 0x81, 0, 0, 0, 0, 0xff]],
  ])('[R38] closes 4400 on %s', async (_what, bytes) => {
    await using relay = await startTestRelay();
    const room_id = newRoomId();
    const client = newClient();
    await relay.register(room_id, [client]);
    const socket = await bareClient(relay, room_id, client);
    socket.write(Buffer.from(bytes));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(closeCode(answer)).toBe(4400);
    socket.destroy();
  });

  it('[R37] closes 4429 on too many messages, and forwards the burst that is allowed', async () => {
    await using relay = await startTestRelay({ MESSAGE_RATE: 10 });
    const { peers } = await relay.room(2, 'anteroom.raw.v1');
    for (let n = 0; n < 200; n++) peers[0]!.send(String(n));
    expect(await peers[0]!.closed).toEqual({ code: 4429, reason: 'rate' });
    for (let n = 0; n < 20; n++) expect((await peers[1]!.next()).data.toString()).toBe(String(n));
    expect(peers[1]!.open).toBe(true);
  });

  it('[R37] closes 4429 on too many bytes', async () => {
    await using relay = await startTestRelay({ BYTE_RATE: 10_000 });
    const { peers } = await relay.room(1, 'anteroom.raw.v1');
    for (let n = 0; n < 20; n++) peers[0]!.send(Buffer.alloc(8_000));
    expect((await peers[0]!.closed).code).toBe(4429);
  });

  it('[R37] [R39] answers pings, and counts them as messages', async () => {
    await using relay = await startTestRelay({ MESSAGE_RATE: 10 });
    const { peers } = await relay.room(1, 'anteroom.raw.v1');
    const { ws, closed } = peers[0]!;
    const pong = once(ws, 'pong') as Promise<[Buffer]>;
    ws.ping('there?');
    expect((await pong)[0].toString()).toBe('there?');
    for (let n = 0; n < 200; n++) ws.ping();
    expect((await closed).code).toBe(4429);
  });

  it('[R37] counts pongs as messages, which nobody asked for', async () => {
    await using relay = await startTestRelay({ MESSAGE_RATE: 10 });
    const { peers } = await relay.room(1, 'anteroom.raw.v1');
    for (let n = 0; n < 200; n++) peers[0]!.ws.pong();
    expect(await peers[0]!.closed).toEqual({ code: 4429, reason: 'rate' });
  });

  it.each([1002, 1007, 1008, 1009])('echoes close code %i of the client as it is', async (code) => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(1);
    peers[0]!.ws.close(code);
    expect((await peers[0]!.closed).code).toBe(code);
  });

  it('[R40] closes a receiver that never reads at its budget; the others get everything', async () => {
    const budget = 300_000;
    await using relay = await startTestRelay({ SEND_BUDGET: budget }, { close_wait: 100 });
    const { room_id, peers } = await relay.room(2, 'anteroom.raw.v1');
    const [sender, reader] = peers as [(typeof peers)[0], (typeof peers)[0]];
    const stalled = newClient();
    await relay.register(room_id, [stalled]);
    const socket = await bareClient(relay, room_id, stalled);
    socket.pause();
    await eventually(() => relay.relay.registry.clients === 3 && relay.relay.sockets() === 3);

    // What the kernel takes in for the stalled one comes first: several MB, before anything waits in the relay.
    const message = Buffer.alloc(50_000, 1);
    let sent = 0;
    for (; relay.relay.registry.clients === 3; sent++) {
      expect(sent, 'the budget was never reached').toBeLessThan(2_000);
      sender.send(message);
      expect((await reader.next()).data).toHaveLength(message.length);
    }
    expect(relay.relay.counts.closes.get(4429)).toBe(1);
    const after = Buffer.from('still here');
    sender.send(after);
    expect((await reader.next()).data.equals(after)).toBe(true);

    // The peer that does not read is cut off all the same: what waited for it in the relay is thrown away.
    await eventually(() => relay.relay.sockets() === 2);
    let received = 0;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => (received += bytes.length));
    socket.resume();
    await once(socket, 'close');
    expect(received).toBeLessThan((sent - 1) * message.length);
  });
});
