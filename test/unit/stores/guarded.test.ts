import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasExited, spawnGuarded, stopGuarded } from '../../../dev/guarded.ts';

const GUARDED = fileURLToPath(new URL('../../../dev/guarded.ts', import.meta.url));

/** Connects to `port` and lives until it is killed: its end is seen as the end of the connection. */
const LIVES_ON = (port: number) =>
  `require('node:net').connect(${port}, '127.0.0.1').on('error', () => {}); setInterval(() => {}, 1000)`;

describe('a guarded process', () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  async function connection(): Promise<Socket> {
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.on('error', () => {}).resume();
    return socket;
  }

  it('ends when it is stopped', async () => {
    const connected = connection();
    const child = spawnGuarded(process.execPath, ['-e', LIVES_ON(port)]);
    const closed = once(await connected, 'close');
    await stopGuarded(child);
    await closed;
    expect(hasExited(child)).toBe(true);
  });

  it('ends when the process that started it is killed', async () => {
    const connected = connection();
    const script = `
      import { spawnGuarded } from ${JSON.stringify(GUARDED)};
      spawnGuarded(process.execPath, ['-e', ${JSON.stringify(LIVES_ON(port))}]);
    `;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    const socket = await connected;
    const closed = once(socket, 'close');
    starter.kill('SIGKILL');
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  it('ends by force if it ignores being asked to', async () => {
    const connected = connection();
    const stubborn = `process.on('SIGTERM', () => {}); ${LIVES_ON(port)}`;
    const child = spawnGuarded(process.execPath, ['-e', stubborn]);
    const closed = once(await connected, 'close');
    await stopGuarded(child);
    await closed;
    expect(hasExited(child)).toBe(true);
  });

  it('hands on its exit code', async () => {
    const child = spawnGuarded(process.execPath, ['-e', 'process.exit(7)']);
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  it('says that its command is not there', async () => {
    const child = spawnGuarded('/no/such/command', []);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, said }).toEqual({ code: 127, said: expect.stringContaining('/no/such/command') });
  });
});
