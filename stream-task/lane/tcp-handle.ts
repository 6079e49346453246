/**
 * Node's own TCP handles, which are no public interface: reads come into one buffer for all, writes go to the kernel without
 * a stream in between. It makes a busy relay half as fast again, and an idle connection cost a third. Nothing here is used
 * before self-test.ts has seen it work in this process; the sources are `lib/internal/stream_base_commons.js` and
 * `src/stream_base.cc` of Node.
 */
import type { Socket } from 'node:net';

/** Who a handle belongs to. */
export interface HandleOwner {
  /** `bytes` came, at the beginning of {@link readBuffer}, which is anybody's again afterwards. */
  read(bytes: number): void;
  /** Nothing more will come: the peer has sent all it had (`ended`), or the connection broke. */
  readFailed(ended: boolean): void;
  /** All that {@link write} could not hand over at once has been taken by the kernel, or the connection broke. */
  written(ok: boolean): void;
  /** What {@link shutdown} waited for is done. */
  shutDown(): void;
}

export interface TcpHandle {
  owner: HandleOwner | undefined;
  onread: (this: TcpHandle) => void;
  readonly writeQueueSize: number;
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: Request, bytes: Uint8Array): number;
  shutdown(request: Request): number;
  close(): void;
}

/** A request to the kernel that may end later. */
interface Request {
  handle: TcpHandle | undefined;
  /** Kept until the kernel has read it. */
  bytes: Uint8Array | undefined;
  oncomplete: (this: Request, status: number) => void;
}

/** `process.binding('stream_wrap')`. */
interface StreamWrap {
  WriteWrap: new () => Request;
  ShutdownWrap: new () => Request;
  kReadBytesOrError: number;
  kLastWriteWasAsync: number;
  streamBaseState: Int32Array;
}

/** `UV_EOF` */
const END_OF_FILE = -4_095;
/** As much as libuv reads at once. */
const READ_BYTES = 65_536;

/** What came last, for the length of one {@link HandleOwner.read}. */
export const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

function streamWrap(): StreamWrap | undefined {
  try {
    const found = (process as unknown as { binding(name: string): StreamWrap }).binding('stream_wrap');
    const { WriteWrap, ShutdownWrap, kReadBytesOrError, kLastWriteWasAsync, streamBaseState } = found;
    const known =
      typeof WriteWrap === 'function' &&
      typeof ShutdownWrap === 'function' &&
      typeof kReadBytesOrError === 'number' &&
      typeof kLastWriteWasAsync === 'number' &&
      ArrayBuffer.isView(streamBaseState);
    return known ? found : undefined;
  } catch {
    // Not there, or not allowed.
    return undefined;
  }
}

const wrap = streamWrap();
const state = wrap?.streamBaseState ?? new Int32Array(8);
const READ = wrap?.kReadBytesOrError ?? 0;
const ASYNC = wrap?.kLastWriteWasAsync ?? 0;

function onRead(this: TcpHandle): void {
  const bytes = state[READ]!;
  if (bytes > 0) this.owner?.read(bytes);
  else if (bytes < 0) this.owner?.readFailed(bytes === END_OF_FILE);
}

function onWritten(this: Request, status: number): void {
  const { handle } = this;
  this.bytes = undefined;
  this.handle = undefined;
  if (status < 0) handle?.owner?.written(false);
  // The last of several.
  else if (handle?.writeQueueSize === 0) handle.owner?.written(true);
}

function onShutDown(this: Request): void {
  this.handle?.owner?.shutDown();
}

/** A request that no write has needed beyond its own call: nearly all are done at once. */
let spare: Request | undefined;

/** How a write went. `later`: the bytes must stay as they are until {@link HandleOwner.written}. */
export type Written = 'done' | 'later' | 'failed';

export function write(handle: TcpHandle, bytes: Uint8Array): Written {
  const request = spare ?? newRequest();
  request.handle = handle;
  if (handle.writeBuffer(request, bytes) !== 0) return 'failed';
  if (state[ASYNC] === 0) {
    spare = request;
    return 'done';
  }
  spare = undefined;
  request.bytes = bytes;
  return 'later';
}

function newRequest(): Request {
  const request = new wrap!.WriteWrap();
  request.oncomplete = onWritten;
  request.bytes = undefined;
  return request;
}

/** Tells the peer, after all that was written, that nothing more comes. */
export function shutdown(handle: TcpHandle): void {
  const request = new wrap!.ShutdownWrap();
  request.handle = handle;
  request.oncomplete = onShutDown;
  // Also 1, already done, and errors such as a peer that is gone.
  if (handle.shutdown(request) !== 0) handle.owner?.shutDown();
}

const USED = ['useUserBuffer', 'readStart', 'readStop', 'writeBuffer', 'shutdown', 'close'] as const;

/**
 * Takes the handle out of `socket`, which is over then without the connection being so: no event of it comes any more but
 * `close`. Undefined, and nothing has changed, if that cannot be done with this socket.
 */
export function takeHandle(socket: Socket, owner: HandleOwner): TcpHandle | undefined {
  const holder = socket as unknown as { _handle: (TcpHandle & Record<symbol, unknown>) | null };
  const handle = holder._handle;
  if (wrap === undefined || handle === null || handle.constructor.name !== 'TCP') return undefined;
  if (USED.some((name) => typeof handle[name] !== 'function')) return undefined;
  // Something has been read ahead or is still on its way out.
  if (socket.destroyed || socket.readableLength > 0 || socket.writableLength > 0) return undefined;
  handle.readStop();
  handle.owner = owner;
  handle.onread = onRead;
  handle.useUserBuffer(readBuffer);
  for (const symbol of Object.getOwnPropertySymbols(handle)) {
    // Else the handle would keep its socket, and so its memory.
    if (handle[symbol] === socket) handle[symbol] = undefined;
  }
  holder._handle = null;
  socket.destroy();
  return handle;
}
