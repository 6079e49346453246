import type { Socket } from './platform.ts';

/** What the WebSocket of browsers and that of `ws` have in common. */
interface AnyWebSocket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

/** `OPEN` of the WebSocket interface (WHATWG WebSockets §3.1), which `ws` keeps to. */
const OPEN = 1;

/** `socket` as the SDK uses it; `abandon`: see {@link Socket.abandon}. */
export const socketOf = (socket: AnyWebSocket, abandon: () => void): Socket => ({
  get open() {
    return socket.readyState === OPEN;
  },
  get bufferedAmount() {
    return socket.bufferedAmount;
  },
  send: (data) => socket.send(data),
  close: (code) => socket.close(code),
  abandon,
});
