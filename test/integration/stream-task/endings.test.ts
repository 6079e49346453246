import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/inbox.ts';
import { fill, LANES, seat, startLane } from '../../support/lanes.ts';
import { bareClient, frameBytes, handshake, RawSocket } from '../../support/raw-socket.ts';
import type { TestRelay } from '../../support/relay.ts';
import {
  clientFrame,
  closePayload,
  FrameReader,
  OPCODE,
  type ServerFrame,
} from '../../support/wire-frames.ts';

const CLOSE_WAIT = 150;
const LARGE = Buffer.alloc(60_000, 'what a client says, ');

const framesOf = (raw: RawSocket): ServerFrame[] => new FrameReader().push(frameBytes(raw));

/** The handles that this process holds open, by kind. */
function handles(): string {
  const held = process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind));
  return held.sort().join(' ');
}

describe.each(['fast', 'ws'] as const)('however a connection ends on the lane %s', (lane) => {
  let relay: TestRelay;
  let room_id: string;
  let raw: RawSocket;
  beforeEach(async () => {
    relay = await startLane(lane, { RESUME_GRACE: 1_000 }, { close_wait: CLOSE_WAIT });
    const seats = seat(relay, 2);
    room_id = seats.room_id;
    raw = await bareClient(relay.port, room_id, seats.clients[0]!);
    await eventually(() => relay.relay.registry.clients === 1);
  });
  afterEach(async () => {
    raw.destroy();
    await eventually(() => relay.relay.sockets() === 0);
    await relay[Symbol.asyncDispose]();
  });

  /** What was counted once the connection is gone. */
  async function closes(): Promise<Map<number, number>> {
    await eventually(() => relay.relay.sockets() === 0 && relay.relay.counts.closes.size > 0);
    return relay.relay.counts.closes;
  }
  const end = (code: number): void => {
    if (code === 4_404) relay.relay.registry.disown({ room_id, epoch: 1 });
    else relay.relay.registry.stop();
  };

  it.each([
    [1_000, closePayload(1_000)],
    [1_005, Buffer.alloc(0)],
    [4_321, closePayload(4_321, Buffer.from('so long'))],
  ])('with the client’s close frame (%d), it is answered and the relay ends first', async (code, payload) => {
    raw.write(clientFrame(OPCODE.CLOSE, payload));
    await raw.over();
    expect(framesOf(raw)).toEqual([{ opcode: OPCODE.CLOSE, payload }]);
    raw.socket.end();
    expect(await closes()).toEqual(new Map([[code, 1]]));
  });

  it('with a FIN right behind the close frame, and junk in between', async () => {
    raw.write(Buffer.concat([clientFrame(OPCODE.CLOSE, closePayload(1_000)), Buffer.alloc(100_000, 0xff)]));
    raw.socket.end();
    expect(await closes()).toEqual(new Map([[1_000, 1]]));
    expect(framesOf(raw)).toHaveLength(1);
  });

  it.each(['end', 'reset'] as const)('by %s without a close frame', async (how) => {
    if (how === 'end') raw.socket.end();
    else raw.reset();
    expect(await closes()).toEqual(new Map([[1_006, 1]]));
  });

  it('by a FIN, after what the relay still had to send', async () => {
    raw.write(clientFrame(OPCODE.PING, 'last words'));
    raw.socket.end();
    expect(await closes()).toEqual(new Map([[1_006, 1]]));
    expect(framesOf(raw)).toEqual([{ opcode: OPCODE.PONG, payload: Buffer.from('last words') }]);
  });

  it.each([4_404, 4_503])('by the relay (%d), and the client answers', async (code) => {
    end(code);
    await raw.until((socket) => framesOf(socket).length === 1);
    const [frame] = framesOf(raw);
    expect(frame!.payload.readUInt16BE()).toBe(code);
    expect(relay.relay.sockets()).toBe(1);
    raw.write(clientFrame(OPCODE.CLOSE, frame!.payload));
    await raw.over();
    raw.socket.end();
    expect(await closes()).toEqual(new Map([[code, 1]]));
  });

  it('by the relay, and the client goes on sending without an answer: it is cut off', async () => {
    end(4_404);
    const began = performance.now();
    while (!raw.ended) {
      raw.write(clientFrame(OPCODE.BINARY, 'still here'));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await closes()).toEqual(new Map([[4_404, 1]]));
    expect(performance.now() - began).toBeGreaterThan(CLOSE_WAIT / 2);
  });

  it('by the relay, and the client neither reads nor answers: it is cut off', async () => {
    raw.socket.pause();
    end(4_404);
    expect(await closes()).toEqual(new Map([[4_404, 1]]));
  });

  it('by the relay, and the client resets it in the middle of the closing handshake', async () => {
    end(4_404);
    await raw.until((socket) => framesOf(socket).length === 1);
    raw.reset();
    expect(await closes()).toEqual(new Map([[4_404, 1]]));
  });
});

describe.each(LANES)('on the lane %s', (lane) => {
  let relay: TestRelay;
  beforeEach(async () => {
    relay = await startLane(
      lane,
      { RESUME_GRACE: 1_000, MAX_SOCKETS_PER_ADDRESS: 8 },
      { close_wait: CLOSE_WAIT },
    );
  });
  afterEach(async () => {
    await relay[Symbol.asyncDispose]();
  });

  it('no end of a connection leaves it counted for its address', async () => {
    const options = { rejectUnauthorized: false };
    for (let round = 0; round < 4; round++) {
      const { room_id, clients } = seat(relay, 3);
      const peers = [];
      for (const client of clients)
        peers.push(await relay.connect(room_id, client, 'anteroom.raw.v1', options));
      await eventually(() => relay.relay.registry.clients === 3);
      peers[0]!.ws.close(1_000);
      peers[1]!.ws.terminate();
      const again = await relay.connect(room_id, clients[2]!, 'anteroom.raw.v1', options);
      expect((await peers[2]!.closed).code).toBe(4_409);
      again.ws.close();
      await eventually(() => relay.relay.sockets() === 0 && relay.relay.registry.clients === 0);
    }
  });

  it('[R28] who is replaced while much waits for it hears nothing more than that, and its successor all that follows', async () => {
    const { room_id, clients } = seat(relay, 2);
    const options = { rejectUnauthorized: false };
    const slow = await relay.connect(room_id, clients[0]!, 'anteroom.raw.v1', options);
    const sender = await relay.connect(room_id, clients[1]!, 'anteroom.raw.v1', options);
    await eventually(() => relay.relay.registry.clients === 2);
    slow.ws.pause();
    const { counts } = relay.relay;
    // The kernels take a few megabytes, and the rest is within the budget.
    for (let n = 0; n < 12; n++) sender.send(LARGE);
    await eventually(() => counts.messages_out === 12);
    const next = await relay.connect(room_id, clients[0]!, 'anteroom.raw.v1', options);
    await eventually(() => counts.closes.get(4_409) === 1);
    sender.send('for the successor');
    expect((await next.next()).data.toString()).toBe('for the successor');
    slow.ws.resume();
    for (let n = 0; n < 12; n++) expect((await slow.next()).data.equals(LARGE)).toBe(true);
    expect((await slow.closed).code).toBe(4_409);
  });

  it('a stop ends in time with clients that read nothing, and leaves no handle behind', async () => {
    const own = await startLane(lane, {}, { close_wait: CLOSE_WAIT });
    const { peers } = await fill(own, 3, 'anteroom.raw.v1');
    for (const peer of peers.slice(1)) peer.ws.pause();
    for (let n = 0; n < 12; n++) peers[0]!.send(LARGE);
    await eventually(() => own.relay.counts.messages_out === 24);
    await own.relay.close();
    expect(own.relay.sockets()).toBe(0);
    for (const peer of peers) peer.ws.terminate();
    await own[Symbol.asyncDispose]();
  });
});

it('a relay that was started and stopped holds no socket and no timer', async () => {
  const before = handles();
  const relay = await startLane('fast', {}, { close_wait: 60_000 });
  const { peers } = await fill(relay, 3, 'anteroom.v1');
  peers[0]!.ws.terminate();
  const stopped = relay.relay.close();
  // The SDK and `ws` answer the close frame: nobody waits for the time-out.
  await Promise.all(peers.slice(1).map(({ closed }) => closed));
  await stopped;
  await eventually(() => handles() === before || handles().length < before.length);
  expect(relay.relay.sockets()).toBe(0);
});

it.each(['fast', 'ws'] as const)(
  'frames in the segment of the handshake are read on the lane %s',
  async (lane) => {
    await using relay = await startLane(lane);
    const { room_id, clients } = seat(relay, 3);
    const listener = await relay.connect(room_id, clients[0]!, 'anteroom.raw.v1');
    const frames = [
      ...Array.from({ length: 50 }, (_, n) => clientFrame(OPCODE.TEXT, `early ${n}`)),
      clientFrame(OPCODE.BINARY, LARGE),
    ];
    const early = await RawSocket.open(relay.port);
    // The last one is cut, so that the rest of it comes by the socket.
    const bytes = Buffer.concat([handshake(room_id, clients[1]!, 'anteroom.raw.v1'), ...frames]);
    early.write(bytes.subarray(0, 2_000));
    await eventually(() => relay.relay.registry.clients === 2);
    early.write(bytes.subarray(2_000));
    for (let n = 0; n < 50; n++)
      expect((await listener.next()).data.toString('latin1', 0, 10).trim()).toBe(`early ${n}`);
    expect((await listener.next()).data.equals(LARGE)).toBe(true);
    early.destroy();
  },
);
