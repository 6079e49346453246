/**
 * Whether the fast lane works on this Node: it leans on internals that may change with any release. Tried once at start over
 * a real connection of this process with itself; where anything differs, every connection takes the public way.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { readBuffer, shutdown, takeHandle, write, type HandleOwner, type TcpHandle } from './tcp-handle.ts';
import { createSlab, unmaskInto } from './unmask.ts';

/** Longest try, ms: it takes some 20. */
const LIMIT_MS = 3_000;
/** More than a socket's buffers ever hold. */
const FLOOD_BYTES = 64 * 1_048_576;
const PIECE_BYTES = 65_536;

/** What is wrong; undefined if the lane works. */
export type SelfTest = Promise<string | undefined>;

let tried: SelfTest | undefined;

/** Tries the lane, once for the process. Never rejects. */
export function selfTest(): SelfTest {
  return (tried ??= attempt());
}

async function attempt(): SelfTest {
  const closing = new AbortController();
  const limit = new Promise<string>((resolve) => {
    const timer = setTimeout(() => resolve(`no end within ${LIMIT_MS} ms`), LIMIT_MS);
    closing.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  try {
    unmasks();
    return await Promise.race([overLoopback(closing.signal), limit]);
  } catch (error) {
    return (error as Error).message;
  } finally {
    closing.abort();
  }
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** The words of a slab are in the order of its bytes. */
function unmasks(): void {
  const slab = createSlab(32);
  unmaskInto(slab, 1, Buffer.from('abcdefghijkl'), 0, 12, 0x04_03_02_01);
  const expected = Buffer.from('abcdefghijkl').map((byte, i) => byte ^ ((i & 3) + 1));
  check(slab.bytes.subarray(1, 13).equals(expected), 'bytes of a word in another order');
}

/** Keeps what its handle tells. */
class Probe implements HandleOwner {
  readonly received = createHash('sha256');
  bytes = 0;
  ended = false;
  emptied = false;
  #fault: string | undefined;
  #changed = (): void => {};

  read(bytes: number): void {
    this.received.update(readBuffer.subarray(0, bytes));
    this.bytes += bytes;
    this.#changed();
  }

  readFailed(ended: boolean): void {
    if (!ended) return this.fail('the connection broke');
    this.ended = true;
    this.#changed();
  }

  written(ok: boolean): void {
    if (!ok) return this.fail('a write failed later');
    this.emptied = true;
    this.#changed();
  }

  shutDown(): void {}

  /** Nothing more comes. */
  fail(fault: string): void {
    this.#fault = fault;
    this.#changed();
  }

  /** What {@link until} waits for may hold now. */
  look(): void {
    this.#changed();
  }

  /** Waits until `holds` does. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      check(this.#fault === undefined, this.#fault ?? '');
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }
}

/** Everything that it opens is closed when `signal` is aborted, however far it came. */
async function overLoopback(signal: AbortSignal): Promise<undefined> {
  const ignored = (): void => {};
  const probe = new Probe();
  signal.addEventListener('abort', () => probe.fail('given up'));
  const server = createServer((socket) => {
    // Nothing once its handle has been taken.
    signal.addEventListener('abort', () => socket.destroy());
    socket.on('error', ignored);
  });
  signal.addEventListener('abort', () => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening', { signal });
  const accepted = once(server, 'connection', { signal }) as Promise<[Socket]>;
  accepted.catch(ignored);
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  signal.addEventListener('abort', () => client.destroy());
  client.on('error', () => probe.fail('the connection broke'));
  await once(client, 'connect', { signal });
  const [socket] = await accepted;
  const handle = takeHandle(socket, probe);
  if (handle === undefined) throw new Error('the handle of a socket cannot be taken');
  signal.addEventListener('abort', () => {
    handle.owner = undefined;
    handle.close();
  });
  handle.readStart();
  await reads(client, probe);
  await writes(client, handle, probe);
  shutdown(handle);
  client.end();
  await Promise.all([once(client, 'end', { signal }), probe.until(() => probe.ended)]);
  return undefined;
}

async function reads(client: Socket, probe: Probe): Promise<void> {
  const sent = Buffer.alloc(3 * PIECE_BYTES + 1, 'what a client sends, ');
  client.write(sent);
  await probe.until(() => probe.bytes >= sent.length);
  const expected = createHash('sha256').update(sent).digest();
  check(probe.received.digest().equals(expected), 'other bytes were read than were sent');
}

/** More than the kernel takes, from bytes that are overwritten as soon as they may be. */
async function writes(client: Socket, handle: TcpHandle, probe: Probe): Promise<void> {
  const sent = createHash('sha256');
  const received = createHash('sha256');
  let written = 0;
  let piece = Buffer.alloc(PIECE_BYTES);
  let later = 0;
  client.pause();
  for (let n = 0; later < 2; n++) {
    check(written < FLOOD_BYTES, 'writes never wait');
    piece.fill(n);
    sent.update(piece);
    const how = write(handle, piece);
    check(how !== 'failed', 'a write failed');
    // Before the next one: to use a request anew that is still under way would end the process. The other way round it may
    // be, if the kernel takes the rest as soon as it is asked again.
    check(how === 'later' || handle.writeQueueSize === 0, 'a write is said to be done before it is');
    written += piece.length;
    if (how === 'done') continue;
    later++;
    piece = Buffer.alloc(PIECE_BYTES);
  }
  let read = 0;
  client.on('data', (chunk: Buffer) => {
    received.update(chunk);
    read += chunk.length;
    if (read >= written) probe.look();
  });
  client.resume();
  await probe.until(() => read >= written && probe.emptied);
  check(received.digest().equals(sent.digest()), 'other bytes arrived than were written');
  check(handle.writeQueueSize === 0, 'what has been written is still counted');
}
