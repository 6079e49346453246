import { Gauge } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authorize, ROUTER } from '../../../shared/domain/token.ts';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { TIMING } from '../../../stream-task/timing.ts';
import { Canary } from '../../support/canary.ts';
import { eventually } from '../../support/inbox.ts';
import { memoryInUse } from '../../support/memory.ts';
import {
  frameBytes,
  handshake,
  handshakeFields,
  headEnd,
  parseResponse,
  RawSocket,
  requestHead,
} from '../../support/raw-socket.ts';
import { newClient, newRoomId, SECRET, startTestRelay, type TestRelay } from '../../support/relay.ts';
import { clientFrame, FrameReader, OPCODE } from '../../support/wire-frames.ts';

const MB = 1024 * 1024;

/** Writes byte after byte, without an end, until the other side has enough. */
async function dribble(raw: RawSocket, start: Buffer, filler: string): Promise<void> {
  for (let n = 0; !raw.ended; n++) {
    raw.write(n < start.length ? start.subarray(n, n + 1) : filler);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const times = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, make));

describe('hostile HTTP', () => {
  let relay: TestRelay;
  let canary: Canary;
  beforeEach(async () => {
    relay = await startTestRelay({}, { handshake: 300, handshake_check: 50 });
    canary = await Canary.start(relay);
  });
  afterEach(async () => {
    // Whatever it was, only the canary is left, and it sings.
    await eventually(() => relay.relay.sockets() === 2);
    await canary.chirp();
    await relay[Symbol.asyncDispose]();
  });

  const open = () => RawSocket.open(relay.port);
  /** The status that `bytes` are answered with, on a connection that is then closed by the relay; 0: none. */
  async function statusOf(bytes: Uint8Array | string): Promise<number> {
    const raw = await open();
    raw.write(bytes);
    await raw.over();
    return parseResponse(raw.text, true)?.status ?? 0;
  }

  it('[R8] ends handshakes that come byte by byte with 408', async () => {
    const { room_id, clients, peers } = await relay.room(1);
    const start = handshake(room_id, clients[0]!, 'anteroom.v1').subarray(0, -2);
    const attack = times(40, async () => {
      const raw = await open();
      await dribble(raw, start, 'X-More: and more\r\n');
      return parseResponse(raw.text, true)?.status;
    });
    expect(new Set(await canary.during(attack))).toEqual(new Set([408]));
    peers[0]!.ws.terminate();
  });

  it('[R8] ends connections that say nothing', async () => {
    const silent = await times(200, open);
    await canary.during(Promise.all(silent.map((raw) => raw.over())));
    expect(silent.every(({ ended }) => ended)).toBe(true);
  });

  it('[R47] ends a body that comes byte by byte with 408', async () => {
    const authorization = await authorize(
      { issuer: ROUTER, audience: relay.task_id, subject: relay.task_id },
      { method: 'POST', path: '/register', body: '' },
      SECRET,
      Date.now(),
    );
    const head = requestHead('POST /register HTTP/1.1', [
      ['Host', 'a'],
      ['Authorization', authorization],
      ['Content-Type', 'application/json'],
      ['Content-Length', '100000'],
    ]);
    const attack = times(20, async () => {
      const raw = await open();
      raw.write(head);
      await dribble(raw, Buffer.alloc(0), ' ');
      return parseResponse(raw.text, true)?.status;
    });
    expect(new Set(await canary.during(attack))).toEqual(new Set([408]));
  });

  it('[R47] takes no body of a caller without a valid token: 401 comes first, and nothing is kept', async () => {
    const head = requestHead('POST /register HTTP/1.1', [
      ['Host', 'a'],
      ['Content-Type', 'application/json'],
      ['Content-Length', '1000000'],
    ]);
    await using patient = await startTestRelay();
    const before = await memoryInUse();
    const callers = await times(150, () => RawSocket.open(patient.port));
    for (const raw of callers) raw.write(head);
    await Promise.all(callers.map((raw) => raw.until(({ text }) => parseResponse(text) !== undefined)));
    expect(new Set(callers.map(({ text }) => parseResponse(text)?.status))).toEqual(new Set([401]));
    const part = Buffer.alloc(500_000);
    for (const raw of callers) raw.write(part);
    await eventually(() => callers.every(({ socket }) => socket.writableLength === 0));
    // 75 MB were sent, and each request has seconds left: none of it is kept for that long.
    const more = async () => (await memoryInUse()) - before;
    await expect.poll(more, { timeout: TIMING.handshake / 2 }).toBeLessThan(20 * MB);
    expect(patient.relay.sockets()).toBe(150);
    for (const raw of callers) raw.destroy();
  });

  it('[R47] refuses a body that says it is too large before it comes', async () => {
    const fields: [string, string][] = [
      ['Host', 'a'],
      ['Content-Type', 'application/json'],
      ['Content-Length', String(2 * MB)],
      ['Connection', 'close'],
    ];
    expect(await statusOf(requestHead('POST /register HTTP/1.1', fields))).toBe(413);
  });

  it('[R47] cuts off who sends many requests without waiting for an answer', async () => {
    const one = requestHead('GET /metrics HTTP/1.1', [['Host', 'a']]);
    const attack = times(20, async () => {
      const raw = await open();
      raw.write(Buffer.concat(Array.from({ length: 1_000 }, () => one)));
      await raw.over();
      return raw.received.length;
    });
    for (const bytes of await canary.during(attack)) expect(bytes).toBeLessThan(200_000);
    expect(relay.relay.counts.cut.get('pipelined')).toBeGreaterThan(0);
    const polite = await open();
    polite.write(Buffer.concat([one, one]));
    await polite.until(({ text }) => text.split('HTTP/1.1 200 OK').length === 3);
    polite.destroy();
  });

  it.each([
    ['a handshake', handshake(newRoomId(), newClient(), 'anteroom.raw.v1')],
    ['a CONNECT', requestHead('CONNECT a:1 HTTP/1.1', [['Host', 'a:1']])],
  ])('[R47] cuts off %s that does not wait for the answer to a request', async (_what, second) => {
    const cut = relay.relay.counts.cut.get('pipelined') ?? 0;
    const raw = await open();
    raw.write(Buffer.concat([requestHead('GET /health HTTP/1.1', [['Host', 'a']]), second]));
    await raw.over();
    expect(raw.text).not.toMatch(/HTTP\/1\.1 (101|405)/);
    expect(relay.relay.counts.cut.get('pipelined')).toBe(cut + 1);
  });

  it('[R47] cuts off who does not take its answer', async () => {
    await using stalling = await startTestRelay({}, { standstill: 300 });
    const help = 'x'.repeat(20 * MB);
    stalling.relay.metrics.registerMetric(new Gauge({ name: 'large', help, registers: [] }));
    const raw = await RawSocket.open(stalling.port);
    raw.socket.pause();
    raw.write(requestHead('GET /metrics HTTP/1.1', [['Host', 'a']]));
    await eventually(() => stalling.relay.sockets() === 1);
    await eventually(() => stalling.relay.sockets() === 0);
    raw.socket.resume();
    await raw.over();
    expect(raw.received.length).toBeLessThan(help.length);
  });

  it('[R47] answers every method, version and form of target', async () => {
    const close: [string, string][] = [
      ['Host', 'a'],
      ['Connection', 'close'],
    ];
    const of = (line: string) => statusOf(requestHead(line, close));
    expect(await of('TRACE /health HTTP/1.1')).toBe(405);
    expect(await of('CONNECT other:443 HTTP/1.1')).toBe(405);
    expect(await of('OPTIONS * HTTP/1.1')).toBe(404);
    expect(await of('GET http://other/health HTTP/1.1')).toBe(200);
    expect(await of('BREW /health HTTP/1.1')).toBe(400);
    expect(await of('GET /health HTTP/1.0')).toBe(200);
    expect(await statusOf('GET /health HTTP/1.0\r\n\r\n')).toBe(200);
    expect(await statusOf('GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'), 'no Host').toBe(400);
    expect(await statusOf('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toBe(400);
    expect(await statusOf(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])), 'TLS').toBe(400);
    const many: [string, string][] = Array.from({ length: 100 }, (_, n) => [String(n % 10), '']);
    expect(await statusOf(requestHead('GET /health HTTP/1.1', [...close, ...many]))).toBe(200);
    expect(
      await statusOf(requestHead('GET /health HTTP/1.1', [...close, ...many, ['X', 'x'.repeat(8_192)]])),
    ).toBe(431);
    const both: [string, string][] = [
      ['Content-Length', '5'],
      ['Transfer-Encoding', 'chunked'],
    ];
    expect(await statusOf(requestHead('POST /register HTTP/1.1', [...close, ...both]))).toBe(400);
  });

  it('[R47] leaves nothing behind of a peer that has closed its half', async () => {
    for (const bytes of ['', 'GET /hea', requestHead('GET /metrics HTTP/1.1', [['Host', 'a']])]) {
      const raw = await open();
      raw.write(bytes);
      raw.socket.end();
      await raw.over();
      expect(raw.ended).toBe(true);
    }
  });

  it('[R6] refuses what is no handshake of RFC 6455', async () => {
    const offer = `anteroom.v1, ${credentialsToken({ room_id: '0000', ...newClient() })}`;
    const fields = handshakeFields(offer);
    const without = (name: string) => fields.filter(([other]) => other !== name);
    expect(await statusOf(requestHead('POST / HTTP/1.1', fields))).toBe(405);
    expect(await statusOf(requestHead('GET / HTTP/1.0', fields))).toBe(400);
    expect(await statusOf(requestHead('GET / HTTP/1.1', without('Host')))).toBe(400);
    expect(await statusOf(requestHead('GET / HTTP/1.1', without('Sec-WebSocket-Key')))).toBe(400);
    expect(await statusOf(requestHead('GET / HTTP/1.1', without('Sec-WebSocket-Version')))).toBe(426);
    const twice: [string, string][] = [...fields, ['Sec-WebSocket-Protocol', 'more']];
    expect(await statusOf(requestHead('GET / HTTP/1.1', twice))).toBe(400);
    expect(relay.relay.counts.refused).toEqual(
      new Map([
        [405, 1],
        [400, 4],
        [426, 1],
      ]),
    );
  });

  it('[R5] takes what comes right behind the handshake, whatever the path', async () => {
    const { room_id, peers } = await relay.room(1, 'anteroom.raw.v1');
    const client = newClient();
    await relay.register(room_id, [client]);
    const request = handshake(room_id, client, 'anteroom.raw.v1')
      .toString('latin1')
      .replace('GET /', 'GET /register');
    const raw = await open();
    raw.write(
      Buffer.concat([
        Buffer.from(request, 'latin1'),
        clientFrame(OPCODE.TEXT, 'at once'),
        clientFrame(OPCODE.PING, 'p'),
      ]),
    );
    expect((await peers[0]!.next()).data.toString()).toBe('at once');
    await raw.until((socket) => new FrameReader().push(frameBytes(socket)).length === 1, 'a pong');
    raw.destroy();
    peers[0]!.ws.terminate();
  });

  it('[R6] answers a refused handshake also when more comes right behind it', async () => {
    const request = requestHead('GET / HTTP/1.1', handshakeFields('anteroom.v9'));
    const attack = times(5, async () => {
      const raw = await open();
      raw.write(Buffer.concat([request, Buffer.alloc(MB / 4)]));
      await raw.over();
      return headEnd(raw.text) > 0 ? parseResponse(raw.text)?.status : undefined;
    });
    expect(new Set(await canary.during(attack))).toEqual(new Set([400]));
  });

  it('[R6] is not hurt by peers that reset their connection at any point', async () => {
    const { room_id, clients, peers } = await relay.room(1);
    const bytes = handshake(room_id, clients[0]!, 'anteroom.v1');
    for (let length = 1; length <= bytes.length; length += 9) {
      const raw = await open();
      raw.write(bytes.subarray(0, length));
      await new Promise((resolve) => setImmediate(resolve));
      raw.reset();
    }
    await canary.chirp();
    expect(peers[0]!.open || relay.relay.counts.closes.has(4409)).toBe(true);
    peers[0]!.ws.terminate();
  });
});
