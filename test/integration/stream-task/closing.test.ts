import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Session } from '../../../stream-task/session.ts';
import { attach, createHandshaker, turnAway } from '../../../stream-task/socket.ts';
import { TIMING } from '../../../stream-task/timing.ts';
import { Turns } from '../../../stream-task/turns.ts';
import { frameOf } from '../../support/canary.ts';
import { eventually } from '../../support/inbox.ts';
import { bareClient, handshake, RawSocket } from '../../support/raw-socket.ts';
import { newClient, newRoomId, startTestRelay } from '../../support/relay.ts';
import { clientFrame, closePayload, OPCODE } from '../../support/wire-frames.ts';

describe('a client that closes', () => {
  it('[R30] gives its seat up at once, however much still waits for it', async () => {
    await using relay = await startTestRelay({}, { close_wait: 60_000 });
    const { room_id, peers } = await relay.room(2);
    const [sender, reader] = [peers[0]!, peers[1]!];
    const leaving = newClient();
    await relay.register(room_id, [leaving]);
    const raw = await bareClient(relay.port, room_id, leaving, 'anteroom.v1');
    using _end = { [Symbol.dispose]: () => raw.destroy() };
    raw.socket.pause();
    await reader.control('joined');
    const message = frameOf(sender.slot, new Uint8Array(60_000));
    async function send(count: number): Promise<void> {
      for (let n = 0; n < count; n++) {
        sender.send(message);
        expect((await reader.next()).data.length).toBe(message.length);
      }
    }
    // Of the budget of 1 MiB; what the kernel takes does not count.
    await send(8);
    raw.write(clientFrame(OPCODE.CLOSE, closePayload(1_000)));
    expect(await reader.control('left')).toMatchObject({ client_id: leaving.client_id, reason: 'gone' });
    await send(100);
    expect(relay.relay.counts.closes).toEqual(new Map([[1_000, 1]]));
    expect(relay.removals).toMatchObject([{ room_id, client_id: leaving.client_id }]);
  });

  it('is not judged by what it sends behind its close frame', async () => {
    await using relay = await startTestRelay({ MESSAGE_RATE: 10 }, { close_wait: 200 });
    const room_id = newRoomId();
    const client = newClient();
    await relay.register(room_id, [client]);
    const raw = await bareClient(relay.port, room_id, client);
    const junk = Array.from({ length: 1_000 }, () => clientFrame(OPCODE.CONTINUATION, ''));
    raw.write(Buffer.concat([clientFrame(OPCODE.CLOSE, closePayload(1_000)), ...junk]));
    raw.write(Buffer.concat(junk));
    await raw.over();
    await eventually(() => relay.removals.length === 1);
    expect(relay.relay.counts.closes).toEqual(new Map([[1_000, 1]]));
    raw.destroy();
  });
});

describe('behind the close frame of the relay', () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  /** Messages that are read of a flood of `count` empty ones, sent to a socket that `end` closes. */
  async function readOf(
    count: number,
    end: (ws: WebSocket, stream: RawSocket['socket']) => void,
  ): Promise<number> {
    const handshaker = createHandshaker(65_536, { ...TIMING, close_wait: 60_000 });
    let read = 0;
    const closed = Promise.withResolvers<void>();
    const server = createServer().on('upgrade', (request, stream, head) => {
      handshaker.handleUpgrade(request, stream, head, (ws) => {
        ws.on('message', () => read++);
        ws.on('close', () => closed.resolve());
        end(ws, request.socket);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    const raw = await RawSocket.open((server.address() as AddressInfo).port);
    closers.push(() => raw.destroy());
    raw.write(handshake(newRoomId(), newClient(), 'anteroom.raw.v1'));
    const message = clientFrame(OPCODE.BINARY, '');
    raw.write(Buffer.alloc(count * message.length, message));
    await closed.promise;
    return read;
  }

  /** Some 1.2 MB. */
  const FLOOD = 200_000;

  it('a flood is not read on and ends with the connection, where the client had no seat', async () => {
    const read = await readOf(FLOOD, (ws, stream) => turnAway(ws, stream, 4_401, 'ticket'));
    expect(read).toBeLessThan(FLOOD / 4);
  });

  it('a flood is not read on and ends with the connection, where the client had one', async () => {
    const quiet = { message: () => true, fragments() {}, readEnded() {}, closed() {} } as unknown as Session;
    const read = await readOf(FLOOD, (ws, stream) => {
      attach(ws, stream, new Turns(), (socket) => {
        socket.sendClose(4_429, 'rate');
        return quiet;
      });
    });
    expect(read).toBeLessThan(FLOOD / 4);
  });
});
