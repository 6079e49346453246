import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeCertificate } from '../../../bench/relay/tls.ts';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { startFaultyRelay, type RelayFault } from '../../support/faulty-relay.ts';
import { eventually } from '../../support/inbox.ts';
import { describeWithCompiler, figuresOf, runGenerator } from '../../support/load-generator.ts';
import { newClient, newRoomId, startTestRelay } from '../../support/relay.ts';

/** Two rooms of three. */
const MEMBERS = ['1', '1', '1', '2', '2', '2'].map((room) => `${room} /${room} -`);
/** Long enough that something is delivered in it however busy the machine is. */
const SPAN = ['--warm', '0', '--measure', '0.5'];
/** Two messages of each member are under way at once. */
const RAW = ['--protocol', 'raw', '--in-flight', '6', ...SPAN];
const NO_ERRORS = { lost: 0, order: 0, duplicate: 0, content: 0, foreign: 0, closed: 0 };

/** What each fault, committed once, must be found out as. */
const FOUND: Record<Exclude<RelayFault, 'swallow'>, { errors: Partial<typeof NO_ERRORS>; first: RegExp }> = {
  drop: { errors: { lost: 1 }, first: /came before message 0$/ },
  duplicate: { errors: { duplicate: 1 }, first: /message 0 of member 0 came again$/ },
  reorder: { errors: { order: 1 }, first: /message 1 of member 0 came before message 0$/ },
  corrupt: { errors: { content: 1 }, first: /message 0 of member 0 has other bytes than were sent$/ },
  echo: { errors: { foreign: 1 }, first: /^room 1, member 0: got a message of room 1, member 0$/ },
  stray: { errors: { foreign: 1 }, first: /^room 2, member 0: got a message of room 1, member 0$/ },
  close: { errors: { closed: 1 }, first: /closed with 4429 too slow$/ },
};

describeWithCompiler('load generator', (program) => {
  it.concurrent.for([32, 100, 1_000, 70_000])('finds a right relay right, at %i bytes', async (size) => {
    await using relay = await startFaultyRelay();
    const args = [...RAW, '--size', String(size), '--server-pid', String(process.pid)];
    const figures = figuresOf(await runGenerator(program, relay.port, MEMBERS, args));
    expect(figures).toMatchObject({ errors: NO_ERRORS, first_error: null });
    expect(figures.deliveries).toBeGreaterThan(0);
    expect(figures.messages_sent).toBeGreaterThan(0);
    expect(figures.seconds).toBeGreaterThanOrEqual(0.5);
    expect(figures.server_cpu_s).toBeGreaterThan(0);
    expect(figures.generator_cpu_s).toBeGreaterThan(0);
    const { p50_us, p99_us, p999_us, max_us } = figures;
    expect([p50_us, p99_us, p999_us, max_us].toSorted((a, b) => a - b)).toEqual([
      p50_us,
      p99_us,
      p999_us,
      max_us,
    ]);
    expect(p50_us).toBeGreaterThan(0);
  });

  it.concurrent('sends at a steady rate', async () => {
    await using relay = await startFaultyRelay();
    const args = ['--protocol', 'raw', '--rate', '100', '--size', '100', ...SPAN];
    const figures = figuresOf(await runGenerator(program, relay.port, MEMBERS, args));
    expect(figures).toMatchObject({ errors: NO_ERRORS, first_error: null });
    expect(figures.deliveries).toBeGreaterThan(0);
    // Two rooms, and 5 s for what came due while the machine stood still; without a rate it would be thousands.
    expect(figures.messages_sent).toBeLessThanOrEqual(200 * (figures.seconds + 5));
  });

  it.concurrent.for(Object.entries(FOUND))('finds out a relay with the fault: %s', async ([fault, found]) => {
    await using relay = await startFaultyRelay(fault as RelayFault);
    const figures = figuresOf(
      await runGenerator(program, relay.port, MEMBERS, [...RAW, '--size', '100', '--measure', '0.1']),
    );
    expect(figures.errors).toEqual({ ...NO_ERRORS, ...found.errors });
    expect(figures.first_error).toMatch(found.first);
  });

  it.concurrent('ends when nothing comes any more, and counts what is missing', async () => {
    await using relay = await startFaultyRelay('swallow');
    const args = [
      '--protocol',
      'raw',
      '--in-flight',
      '1',
      '--size',
      '100',
      '--warm',
      '15',
      '--measure',
      '15',
    ];
    const figures = figuresOf(await runGenerator(program, relay.port, MEMBERS, args));
    expect(figures).toMatchObject({ deliveries: 0, errors: { ...NO_ERRORS, lost: 4 } });
    expect(figures.first_error).toBe('room 1, member 1: message 0 of member 0 never came');
  });

  it.runIf(program.tls)(
    'speaks TLS, where there is OpenSSL to build it with',
    { concurrent: true },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'load-tls-'));
      try {
        const { key, cert } = makeCertificate(folder);
        await using relay = await startFaultyRelay(undefined, {
          key: readFileSync(key, 'utf8'),
          cert: readFileSync(cert, 'utf8'),
        });
        const args = [...RAW, '--tls', '--size', '20000'];
        const figures = figuresOf(await runGenerator(program, relay.port, MEMBERS, args));
        expect(figures).toMatchObject({ errors: NO_ERRORS, first_error: null });
        expect(figures.deliveries).toBeGreaterThan(0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it.concurrent('speaks anteroom.v1 with the relay', async () => {
    await using relay = await startTestRelay();
    const room_id = newRoomId();
    const clients = [newClient(), newClient(), newClient()];
    await relay.register(room_id, clients);
    const members = clients.map((client) => `7 / anteroom.v1, ${credentialsToken({ room_id, ...client })}`);
    const args = ['--protocol', 'v1', '--in-flight', '6', '--size', '500', ...SPAN];
    const figures = figuresOf(await runGenerator(program, relay.port, members, args));
    expect(figures).toMatchObject({ errors: NO_ERRORS, first_error: null });
    expect(figures.deliveries).toBeGreaterThan(0);
  });

  it.concurrent('stays idle, and answers pings', async () => {
    await using relay = await startFaultyRelay();
    const { code, stdout } = await runGenerator(program, relay.port, MEMBERS, [
      '--protocol',
      'raw',
      '--idle',
      '0.2',
    ]);
    expect({ code, first: stdout.split('\n')[0] }).toEqual({ code: 0, first: 'idle' });
    await eventually(() => relay.pongs === MEMBERS.length);
  });

  it.concurrent.for([
    ['HTTP/1.1 400 Bad Request\r\n\r\n', /refused the upgrade: HTTP\/1.1 400 Bad Request/],
    [
      'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: no\r\n\r\n',
      /refused the upgrade: HTTP\/1.1 101/,
    ],
    ['', /ended without a word/],
  ] as const)('makes no load where the handshake fails: %j', async ([answer, reason]) => {
    const server = createServer((socket) =>
      socket.on('error', () => {}).once('data', () => socket.end(answer)),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, stdout, stderr } = await runGenerator(program, port, MEMBERS, [...RAW, '--size', '100']);
    server.close();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(reason);
  });

  it.concurrent.for([
    [['--size', '31'], 'size'],
    [['--in-flight', '0'], 'in-flight'],
    [['--protocol', 'smtp'], 'protocol'],
    [['--rate', '1'], 'either in-flight or rate'],
    [['--measure', '1x'], 'measure'],
    [['--loud'], 'an unknown argument'],
  ] as const)('refuses %j', async ([args, reason]) => {
    const { code, stderr } = await runGenerator(program, 1, MEMBERS, [...RAW, '--size', '100', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(`load: ${reason}`);
  });
});
