import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startRelay } from '../../../stream-task/server.ts';
import { TIMING } from '../../../stream-task/timing.ts';
import { Canary } from '../../support/canary.ts';
import { eventually } from '../../support/inbox.ts';
import { memoryInUse } from '../../support/memory.ts';
import {
  frameBytes,
  handshake,
  headEnd,
  parseResponse,
  RawSocket,
  requestHead,
} from '../../support/raw-socket.ts';
import {
  newClient,
  newRoomId,
  quiet,
  RELAY_CONFIG,
  secrets,
  seatOf,
  startTestRelay,
} from '../../support/relay.ts';
import { clientFrame, closePayload, FrameReader, OPCODE } from '../../support/wire-frames.ts';

const MB = 1024 * 1024;
const SMALL_RELAY = fileURLToPath(new URL('../../support/fixtures/processes/relay.ts', import.meta.url));

describe('floods', () => {
  it('[R9] of sockets with wrong tickets are turned away one by one, and leave no memory behind', async () => {
    await using relay = await startTestRelay({}, { close_wait: 500 });
    const canary = await Canary.start(relay);
    const codes = new Map<number, number>();
    async function knock(): Promise<void> {
      const raw = await RawSocket.open(relay.port);
      raw.write(handshake(newRoomId(), newClient(), 'anteroom.raw.v1'));
      await raw.until((socket) => headEnd(socket.text) > 0 && frameBytes(socket).length > 0, 'a close frame');
      const code = new FrameReader().push(frameBytes(raw))[0]!.payload.readUInt16BE(0);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      // One in three takes no part in the closing handshake, one breaks off.
      const manner = codes.get(code)! % 3;
      if (manner === 0) raw.write(clientFrame(OPCODE.CLOSE, closePayload(code)));
      if (manner === 1) raw.reset();
      await raw.over();
      raw.destroy();
    }
    async function wave(count: number): Promise<void> {
      await Promise.all(Array.from({ length: count }, knock));
    }
    // What is made once and kept (code, caches) is made by the first ones.
    await wave(200);
    const before = await memoryInUse();
    for (let n = 0; n < 8; n++) await canary.during(wave(250));
    await eventually(() => relay.relay.sockets() === 2);
    expect(codes).toEqual(new Map([[4401, 2_200]]));
    expect(relay.relay.counts.closes.get(4401)).toBe(2_200);
    // Kept for each would be 2,000 times at least 5 KB.
    expect((await memoryInUse()) - before).toBeLessThan(6 * MB);
    // 2,200 handshakes: on a machine that is busy otherwise, that takes a while.
  }, 60_000);

  it('[R8] from one address leave room for others', async () => {
    await using relay = await startTestRelay({ MAX_SOCKETS_PER_ADDRESS: 20 });
    const canary = await Canary.start(relay);
    const { room_id, peers, clients } = await relay.room(1);
    const flood = Array.from({ length: 100 }, () => RawSocket.open(relay.port, '127.0.0.2'));
    const sockets = await canary.during(Promise.all(flood));
    // 20 and 16 more, which may still read a 429.
    await eventually(() => sockets.filter(({ ended }) => ended).length === 64);
    expect(relay.relay.counts.cut.get('address')).toBe(64);
    expect(relay.relay.sockets()).toBe(3 + 36);

    for (const raw of sockets) if (!raw.ended) raw.write(handshake(room_id, clients[0]!, 'anteroom.v1'));
    await eventually(() => sockets.every(({ text, ended }) => ended || parseResponse(text)?.status === 429));
    const other = await RawSocket.open(relay.port, '127.0.0.3');
    other.write(handshake(room_id, clients[0]!, 'anteroom.v1'));
    await other.until(({ text }) => headEnd(text) > 0, 'an answer');
    expect(parseResponse(other.text)?.status).toBe(101);
    expect((await peers[0]!.closed).code).toBe(4409);
    await canary.during(eventually(() => relay.relay.sockets() === 3));
    other.destroy();
  });

  it('[R48] of silent sockets from everywhere push each other out, and nobody who has shown a ticket', async () => {
    const relay = await startRelay(RELAY_CONFIG, {
      task_id: 'small',
      started_at: 1,
      secrets,
      log: quiet,
      events: { connected() {}, removed() {} },
      max_newcomers: 30,
    });
    try {
      const client = newClient();
      const room_id = newRoomId();
      const seats = { room_id, created_at: 1, epoch: 1, max_clients: 1, clients: [seatOf(client)] };
      relay.registry.register(seats);
      const member = await RawSocket.open(relay.port);
      member.write(handshake(room_id, client, 'anteroom.raw.v1'));
      await eventually(() => relay.registry.clients === 1);

      const silent: RawSocket[] = [];
      for (let n = 0; n < 100; n++) silent.push(await RawSocket.open(relay.port, `127.0.1.${n % 50}`));
      await eventually(() => silent.filter(({ ended }) => ended).length === 70);
      expect(
        silent.slice(70).some(({ ended }) => ended),
        'the oldest have gone',
      ).toBe(false);
      expect(relay.counts.cut.get('newcomers')).toBe(70);
      expect([relay.sockets(), member.ended]).toEqual([31, false]);

      // An honest one comes in all the same.
      const honest = await RawSocket.open(relay.port);
      honest.write(requestHead('GET /health HTTP/1.1', [['Host', 'a']]));
      await honest.until(({ text }) => parseResponse(text)?.status === 200, 'an answer');
      for (const raw of [...silent, member, honest]) raw.destroy();
    } finally {
      await relay.close();
    }
  });

  it('that use up the files of the process do not end it', async () => {
    const child = spawn('sh', ['-c', `ulimit -n 60 && exec "${process.execPath}" "${SMALL_RELAY}"`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      const port = Number(line);
      expect(port).toBeGreaterThan(0);
      const flood = await Promise.all(Array.from({ length: 120 }, () => RawSocket.open(port)));
      // Those that it could not take were let go.
      await eventually(() => flood.some(({ ended }) => ended));
      for (const raw of flood) raw.destroy();
      await expect
        .poll(() => fetch(`http://127.0.0.1:${port}/health`).then(({ status }) => status, String), {
          timeout: TIMING.handshake,
        })
        .toBe(200);
      expect([child.exitCode, errors]).toEqual([null, '']);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
