import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MOST_LATE_BYTES } from '../../../../dev/faults/lane.ts';
import { type Proxy, startProxy } from '../../../../dev/faults/proxy.ts';

/** Sends back what it gets, and ends when its client does. */
let echo: Server;
let proxy: Proxy;
const clients = new Set<Socket>();
const served = new Set<Socket>();

beforeEach(async () => {
  echo = createServer((socket) => {
    served.add(socket);
    socket.on('error', () => undefined).on('close', () => served.delete(socket));
    socket.pipe(socket);
  });
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  proxy = await startProxy(() => Promise.resolve((echo.address() as AddressInfo).port));
});
afterEach(async () => {
  for (const socket of [...clients, ...served]) socket.destroy();
  clients.clear();
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

interface Client {
  socket: Socket;
  text: () => string;
  /** Resolves when `length` bytes have come. */
  heard: (length: number) => Promise<string>;
  closed: Promise<string>;
}

/** A client that is connected; `closed` says how it ended: `end`, or the code of the error. */
async function open(): Promise<Client> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  clients.add(socket);
  let text = '';
  let how = 'end';
  const watchers = new Set<() => void>();
  socket.on('data', (bytes) => {
    text += bytes.toString();
    for (const watcher of watchers) watcher();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => (how = error.code ?? error.message));
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(how)));
  await Promise.race([
    once(socket, 'connect'),
    closed.then((why) => {
      throw new Error(why);
    }),
  ]);
  return {
    socket,
    closed,
    text: () => text,
    heard: (length) =>
      new Promise((resolve) => {
        const watcher = (): void => {
          if (text.length < length) return;
          watchers.delete(watcher);
          resolve(text);
        };
        watchers.add(watcher);
        watcher();
      }),
  };
}

/** Long enough for anything that would pass to have passed. */
const nothingMore = () => sleep(100);

describe('a proxy that passes', () => {
  it('hands on bytes and the end, both ways', async () => {
    const client = await open();
    client.socket.write('hello');
    expect(await client.heard(5)).toBe('hello');
    client.socket.end(' again');
    expect(await client.closed).toBe('end');
    expect(client.text()).toBe('hello again');
    await expect.poll(() => proxy.connections).toBe(0);
  });

  it('hands on a large amount as it is', async () => {
    const client = await open();
    const large = '0123456789'.repeat(500_000);
    client.socket.end(large);
    await client.closed;
    expect(client.text() === large).toBe(true);
  });

  it('hands on a reset by the other side', async () => {
    const client = await open();
    client.socket.write('x');
    await client.heard(1);
    for (const socket of served) socket.resetAndDestroy();
    expect(await client.closed).toBe('ECONNRESET');
    expect(proxy.connections).toBe(0);
  });

  it('resets who comes while nobody listens behind it', async () => {
    await new Promise((resolve) => echo.close(resolve));
    const late = await startProxy(() => Promise.resolve(proxy.port));
    await proxy.close();
    const socket = connect({ port: late.port, host: '127.0.0.1' });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    await late.close();
  });

  it('lets who comes early wait until it is known where to go', async () => {
    const known = Promise.withResolvers<number>();
    const early = await startProxy(() => known.promise);
    const socket = connect({ port: early.port, host: '127.0.0.1' });
    clients.add(socket);
    socket.write('early');
    await nothingMore();
    known.resolve((echo.address() as AddressInfo).port);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('early');
    await early.close();
  });
});

describe('a slow proxy', () => {
  it('delays each direction, for connections that were there and for new ones, and keeps the order', async () => {
    const before = await open();
    before.socket.write('a');
    await before.heard(1);
    await proxy.set({ mode: 'slow', ms: 60 });
    for (const client of [before, await open()]) {
      const from = client.text().length;
      const started = performance.now();
      for (const word of ['one', 'two', 'three']) {
        client.socket.write(word);
        await sleep(5);
      }
      const heard = await client.heard(from + 11);
      expect(heard.slice(from)).toBe('onetwothree');
      // Timers may be early by a millisecond.
      expect(performance.now() - started).toBeGreaterThanOrEqual(118);
    }
  });

  it('is late no longer when everything passes again: what waits goes on at once, and in order', async () => {
    await proxy.set({ mode: 'slow', ms: 60_000 });
    const client = await open();
    client.socket.write('first ');
    await nothingMore();
    await proxy.set({ mode: 'pass' });
    client.socket.write('second');
    expect(await client.heard(12)).toBe('first second');
  });

  it('holds no more than a few megabytes: the sender has to wait', async () => {
    await proxy.set({ mode: 'slow', ms: 60_000 });
    const client = await open();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    for (let sent = 0; sent < 64; sent++) client.socket.write(chunk);
    // What does not wait in the proxy and in the buffers of the kernel still waits in the sender.
    let before = -1;
    await expect
      .poll(() => {
        const settled = before === client.socket.bytesWritten - client.socket.writableLength;
        before = client.socket.bytesWritten - client.socket.writableLength;
        return settled;
      })
      .toBe(true);
    expect(client.socket.writableLength).toBeGreaterThan(
      64 * 1024 * 1024 - MOST_LATE_BYTES - 24 * 1024 * 1024,
    );
    await proxy.set({ mode: 'pass' });
    expect((await client.heard(64 * 1024 * 1024)).length).toBe(64 * 1024 * 1024);
  });
});

describe('a proxy that is cut', () => {
  it('holds open and new connections; afterwards what was held arrives', async () => {
    const before = await open();
    before.socket.write('a');
    await before.heard(1);
    await proxy.set({ mode: 'cut' });
    const after = await open();
    before.socket.write('b');
    after.socket.write('c');
    await nothingMore();
    expect([before.text(), after.text(), served.size]).toEqual(['a', '', 1]);
    await proxy.set({ mode: 'pass' });
    expect(await Promise.all([before.heard(2), after.heard(1)])).toEqual(['ab', 'c']);
  });

  it('tells nobody that the other side is gone, until it passes again', async () => {
    const client = await open();
    client.socket.write('a');
    await client.heard(1);
    await proxy.set({ mode: 'cut' });
    for (const socket of served) socket.destroy();
    await nothingMore();
    expect(client.socket.readyState).toBe('open');
    await proxy.set({ mode: 'pass' });
    await client.closed;
  });
});

describe('a proxy that refuses', () => {
  it('listens no more and resets what is open; then it listens on its port again', async () => {
    const client = await open();
    await proxy.set({ mode: 'refuse' });
    expect(await client.closed).toBe('ECONNRESET');
    await expect(open()).rejects.toThrow('ECONNREFUSED');
    await proxy.set({ mode: 'cut' });
    await open();
    await proxy.set({ mode: 'refuse' });
    await expect(open()).rejects.toThrow('ECONNREFUSED');
    await proxy.set({ mode: 'pass' });
    const again = await open();
    again.socket.write('x');
    expect(await again.heard(1)).toBe('x');
  });

  it('changes that come at once are carried out one after the other', async () => {
    await Promise.all([
      proxy.set({ mode: 'refuse' }),
      proxy.set({ mode: 'pass' }),
      proxy.set({ mode: 'refuse' }),
      proxy.set({ mode: 'slow', ms: 1 }),
    ]);
    const client = await open();
    client.socket.write('x');
    expect(await client.heard(1)).toBe('x');
  });
});

describe('a reset', () => {
  it('ends what is open, once', async () => {
    const client = await open();
    client.socket.write('x');
    await client.heard(1);
    expect(proxy.reset()).toBe(1);
    expect(await client.closed).toBe('ECONNRESET');
    const next = await open();
    next.socket.write('y');
    expect(await next.heard(1)).toBe('y');
  });
});
