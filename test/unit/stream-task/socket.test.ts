import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { WsSocket } from '../../../stream-task/socket.ts';

describe('a socket whose input ws parses', () => {
  function onto(stream: Duplex) {
    const ws = { close() {}, terminate() {} } as unknown as WebSocket;
    const socket = new WsSocket(ws, stream);
    let drained = 0;
    socket.drained = () => drained++;
    return { socket, drained: () => drained };
  }

  it('says whether the stream has passed on what was written, and later that it has', async () => {
    let passOn: (() => void) | undefined;
    const read: Buffer[] = [];
    let at_once = true;
    const stream = new Duplex({
      write(chunk: Buffer, _encoding, done) {
        read.push(chunk);
        if (at_once) done();
        else passOn = done;
      },
    });
    const { socket, drained } = onto(stream);
    expect(socket.write(Buffer.from('abcd'))).toBe(true);
    at_once = false;
    expect(socket.write(Buffer.from('efgh'))).toBe(false);
    expect(socket.waiting).toBe(4);
    expect(drained()).toBe(0);
    passOn?.();
    await expect.poll(drained).toBe(1);
    expect(socket.waiting).toBe(0);
    expect(Buffer.concat(read).toString()).toBe('abcdefgh');
  });

  it('takes and forgets what comes after the stream has ended', () => {
    const stream = new PassThrough();
    const { socket } = onto(stream);
    stream.end();
    expect(socket.write(Buffer.from('late'))).toBe(true);
  });
});
