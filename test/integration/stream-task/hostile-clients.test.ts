import { afterEach, describe, expect, it } from 'vitest';
import type { Protocol } from '../../../shared/protocol/subprotocol.ts';
import type { RelayConfig } from '../../../stream-task/server.ts';
import type { Timing } from '../../../stream-task/timing.ts';
import { Canary, frameOf } from '../../support/canary.ts';
import { eventually } from '../../support/inbox.ts';
import { memoryInUse } from '../../support/memory.ts';
import { bareClient, frameBytes, type RawSocket } from '../../support/raw-socket.ts';
import { newClient, newRoomId, startTestRelay, type TestRelay } from '../../support/relay.ts';
import { clientFrame, closePayload, FrameReader, OPCODE } from '../../support/wire-frames.ts';

const MB = 1024 * 1024;
const PROTOCOLS = ['anteroom.v1', 'anteroom.raw.v1'] as const;

/** Clients with a valid ticket that do what they should not. Each test has another room that must not notice. */
describe('hostile clients', () => {
  let relay: TestRelay;
  let canary: Canary;

  async function start(config: Partial<RelayConfig> = {}, timing: Partial<Timing> = {}): Promise<void> {
    relay = await startTestRelay({ RESUME_GRACE: 100, ...config }, { close_wait: 200, ...timing });
    canary = await Canary.start(relay);
  }
  afterEach(async () => {
    // Sockets, seats and rooms are gone; the canary is not.
    await eventually(() => relay.relay.sockets() === 2);
    await eventually(() => relay.relay.registry.rooms === 1 && relay.relay.registry.clients === 2);
    await canary.chirp();
    await relay[Symbol.asyncDispose]();
  });

  /** A bare client in a room of its own. */
  async function enter(protocol: Protocol = 'anteroom.raw.v1'): Promise<RawSocket> {
    const room_id = newRoomId();
    const client = newClient();
    await relay.register(room_id, [client]);
    return bareClient(relay.port, room_id, client, protocol);
  }

  /** The close code that was sent to `raw`, once the connection is over; undefined: none. */
  async function closeCode(raw: RawSocket): Promise<number | undefined> {
    await raw.over();
    const frames = new FrameReader().push(frameBytes(raw));
    return frames.find(({ opcode }) => opcode === OPCODE.CLOSE)?.payload.readUInt16BE(0);
  }

  /** Writes what `make` returns until the other side ends the connection. */
  async function goOn(raw: RawSocket, make: () => Uint8Array, pause_ms = 1): Promise<void> {
    while (!raw.ended) {
      raw.write(make());
      await new Promise((resolve) => setTimeout(resolve, pause_ms));
    }
  }

  it.each(PROTOCOLS)('[R41] cuts off a peer of %s that is gone without a word', async (protocol) => {
    await start({}, { tick: 10, ping_min: 200, ping_max: 220, alive_after: 100 });
    const gone = await enter(protocol);
    // Its kernel is there, but nobody reads or answers.
    gone.socket.pause();
    await canary.during(eventually(() => relay.relay.registry.clients === 2));
    expect(relay.relay.counts.closes.get(1006)).toBe(1);
    gone.destroy();
  });

  it('[R41] cuts off who answers no ping, however much else it sends', async () => {
    await start({}, { tick: 10, ping_min: 200, ping_max: 220 });
    const busy = await enter();
    await canary.during(goOn(busy, () => clientFrame(OPCODE.BINARY, 'I am here')));
    expect(await closeCode(busy)).toBeUndefined();
  });

  it('[R49] ends a message whose fragments never end with 4408', async () => {
    await start({}, { tick: 10, message: 300 });
    const raw = await enter();
    raw.write(clientFrame(OPCODE.BINARY, 'a', false));
    await canary.during(
      goOn(
        raw,
        () => Buffer.concat([clientFrame(OPCODE.CONTINUATION, 'b', false), clientFrame(OPCODE.PING)]),
        20,
      ),
    );
    expect(await closeCode(raw)).toBe(4408);
  });

  it.each([
    ['a message', OPCODE.BINARY],
    ['a ping', OPCODE.PING],
  ])('[R49] ends %s that comes byte by byte with 4408', async (_what, opcode) => {
    await start({}, { tick: 10, message: 300 });
    const raw = await enter();
    const frame = clientFrame(opcode, new Uint8Array(125));
    let sent = 0;
    await canary.during(goOn(raw, () => frame.subarray(sent, Math.min(++sent, frame.length - 1)), 5));
    expect(await closeCode(raw)).toBe(4408);
  });

  it('[R36] ends a message of endlessly many empty fragments with 4413', async () => {
    await start();
    const raw = await enter();
    raw.write(clientFrame(OPCODE.TEXT, '', false));
    const empty = clientFrame(OPCODE.CONTINUATION, '', false);
    const flood = Buffer.concat(Array.from({ length: 100 }, () => empty));
    await canary.during(goOn(raw, () => flood));
    expect(await closeCode(raw)).toBe(4413);
  });

  it('[R36] ends a message that comes in thousands of pieces with 4413', async () => {
    await start();
    const raw = await enter();
    const message = clientFrame(OPCODE.BINARY, new Uint8Array(65_536));
    // All of it but the last byte, so that only its pieces can be what is wrong.
    for (let at = 0; at < message.length - 1 && !raw.ended; at++) {
      await raw.writePieces([message.subarray(at, at + 1)]);
    }
    expect(await closeCode(raw)).toBe(4413);
  });

  it('[R36] takes a message that comes in hundreds of pieces', async () => {
    await start();
    const { room_id, peers } = await relay.room(1, 'anteroom.raw.v1');
    const sender = newClient();
    await relay.register(room_id, [sender]);
    const raw = await bareClient(relay.port, room_id, sender);
    const message = clientFrame(OPCODE.BINARY, new Uint8Array(65_536));
    for (let at = 0; at < message.length; at += 128) await raw.writePieces([message.subarray(at, at + 128)]);
    expect((await peers[0]!.next()).data.length).toBe(65_536);
    raw.write(clientFrame(OPCODE.CLOSE, closePayload(1_000)));
    expect(await closeCode(raw)).toBe(1_000);
    peers[0]!.ws.close(1_000);
  });

  it('[R50] ends a flood of tiny fragments with 4429', async () => {
    await start({ MESSAGE_RATE: 1_000 });
    const raw = await enter();
    const message = Buffer.concat([
      clientFrame(OPCODE.BINARY, '', false),
      ...Array.from({ length: 500 }, () => clientFrame(OPCODE.CONTINUATION, 'x', false)),
      clientFrame(OPCODE.CONTINUATION, ''),
    ]);
    await canary.during(goOn(raw, () => message));
    expect(await closeCode(raw)).toBe(4429);
    expect(relay.relay.counts.messages_in, 'of this client').toBeLessThan(100 + 2 * 1_000);
  });

  it('[R39] [R40] ends a flood of pings whose answers are not read with 4429', async () => {
    await start({ SEND_BUDGET: 131_072, MESSAGE_RATE: 10_000_000 });
    const before = await memoryInUse();
    const raw = await enter();
    raw.socket.pause();
    const pings = Buffer.concat(
      Array.from({ length: 2_000 }, () => clientFrame(OPCODE.PING, new Uint8Array(125))),
    );
    const flood = async (): Promise<void> => {
      while (relay.relay.registry.clients === 3) {
        if (raw.socket.writableLength < MB) raw.write(pings);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    await canary.during(flood());
    expect(relay.relay.counts.closes.get(4429)).toBe(1);
    raw.destroy();
    await expect.poll(async () => (await memoryInUse()) - before).toBeLessThan(20 * MB);
  });

  it('[R50] gives who connects anew no fresh burst', async () => {
    await start({ MESSAGE_RATE: 20, RESUME_GRACE: 10_000 });
    const room_id = newRoomId();
    const client = newClient();
    await relay.register(room_id, [client]);
    const started = performance.now();
    let connections = 0;
    while (!relay.relay.counts.closes.has(4429)) {
      const raw = await bareClient(relay.port, room_id, client);
      connections++;
      for (let n = 0; n < 15; n++) raw.write(clientFrame(OPCODE.TEXT, 'x'));
      raw.write(clientFrame(OPCODE.CLOSE));
      await raw.over();
    }
    // A burst of 40, and 20 a second since.
    const seconds = (performance.now() - started) / 1_000;
    expect(connections).toBeLessThanOrEqual((40 + 20 * seconds) / 15 + 1);
    relay.relay.registry.register({
      room_id,
      created_at: 1,
      epoch: 1,
      max_clients: 1,
      clients: [],
      gone: [{ client_id: client.client_id, generation: 1 }],
    });
  });

  it('[R20] ends control text beyond 4 KiB with 4413', async () => {
    await start();
    const raw = await enter('anteroom.v1');
    const text = JSON.stringify({ type: 'x'.repeat(4_096) });
    raw.write(clientFrame(OPCODE.TEXT, text));
    await canary.during(raw.over());
    expect(await closeCode(raw)).toBe(4413);
  });

  it('[R40] ends a receiver of anteroom.v1 that never reads with 4429', async () => {
    await start({ SEND_BUDGET: 300_000 });
    const { room_id, peers } = await relay.room(2);
    const [sender, reader] = [peers[0]!, peers[1]!];
    const stalled = newClient();
    await relay.register(room_id, [stalled]);
    const before = await memoryInUse();
    const raw = await bareClient(relay.port, room_id, stalled, 'anteroom.v1');
    raw.socket.pause();
    await eventually(() => relay.relay.registry.clients === 5);

    const message = frameOf(sender.slot, new Uint8Array(50_000));
    const flood = async (): Promise<void> => {
      for (let sent = 0; relay.relay.registry.clients === 5; sent++) {
        expect(sent, 'the budget was never reached').toBeLessThan(2_000);
        sender.send(message);
        // Others hear of the stalled one, too: it came, and it is gone.
        while (!(await reader.next()).binary);
      }
    };
    await canary.during(flood());
    expect(relay.relay.counts.closes.get(4429)).toBe(1);
    await eventually(() => relay.relay.sockets() === 4);
    raw.destroy();
    for (const peer of peers) peer.ws.close(1000);
    await expect.poll(async () => (await memoryInUse()) - before).toBeLessThan(20 * MB);
  });
});
