import { describe, expect, it } from 'vitest';
import { MESSAGE_OVERHEAD_BYTES, WsSocket } from '../../../stream-task/socket.ts';

describe('what waits in a socket', () => {
  /** A WebSocket whose peer reads when `read` is called. */
  function stalled() {
    const callbacks: (() => void)[] = [];
    const ws = {
      bufferedAmount: 0,
      send(data: Uint8Array, _options: unknown, sent: () => void) {
        this.bufferedAmount += data.length + 2;
        callbacks.push(sent);
      },
      ping() {},
      close() {},
      terminate() {},
    };
    const read = (): void => {
      ws.bufferedAmount = 0;
      for (const sent of callbacks.splice(0)) sent();
    };
    return { ws, read, socket: new WsSocket(ws as unknown as ConstructorParameters<typeof WsSocket>[0]) };
  }

  it('[R40] counts each message with what it costs to keep it', () => {
    const { socket, read } = stalled();
    expect(socket.waiting).toBe(0);
    for (let n = 0; n < 1_000; n++) socket.send(new Uint8Array(1), true);
    expect(socket.waiting).toBe(1_000 * (3 + MESSAGE_OVERHEAD_BYTES));
    read();
    expect(socket.waiting).toBe(0);
    socket.send(new Uint8Array(1), true);
    expect(socket.waiting).toBe(3 + MESSAGE_OVERHEAD_BYTES);
  });

  it('[R40] does not hold against a receiver what was written at once in the same turn', () => {
    const { socket, ws } = stalled();
    for (let n = 0; n < 10_000; n++) {
      expect(socket.waiting).toBe(0);
      socket.send(new Uint8Array(1), true);
      ws.bufferedAmount = 0;
    }
  });
});
