import { WebSocket } from 'ws';
import type { Platform, SocketEvents } from '../platform.ts';

type Message = Parameters<SocketEvents['message']>[0];

/**
 * Delivers the first message of a socket in a tick of its own and holds back, for that long, what came with it. `ws` may
 * emit several messages in one tick; without this, frames behind the welcome would be gone before
 * `const room = await joinRoom(…)` has returned and a listener could be added. (In a browser each message is a task.)
 */
function firstAlone(events: SocketEvents): SocketEvents {
  let first = true;
  let held: Message[] | undefined;
  const release = (): void => {
    const messages = held ?? [];
    held = undefined;
    for (const message of messages) events.message(message);
  };
  return {
    open: (protocol) => events.open(protocol),
    message(data) {
      if (held !== undefined) {
        held.push(data);
        return;
      }
      if (first) {
        first = false;
        held = [];
        setImmediate(release);
      }
      events.message(data);
    },
    close(code, reason) {
      release();
      events.close(code, reason);
    },
  };
}

/** Node, on `ws`. */
export const nodePlatform: Platform = {
  openSocket(url, protocols, listener) {
    const events = firstAlone(listener);
    const socket = new WebSocket(url, protocols, { perMessageDeflate: false });
    socket.binaryType = 'arraybuffer';
    socket.on('open', () => events.open(socket.protocol));
    // Text comes as a Buffer, binary messages as what binaryType says.
    socket.on('message', (data, binary) =>
      events.message(binary ? (data as ArrayBuffer) : (data as Buffer).toString('utf8')),
    );
    let failure = '';
    // A close follows each error; without a listener an error would end the process.
    socket.on('error', (error) => {
      failure = error.message;
    });
    socket.on('close', (code, reason) => events.close(code, reason.toString('utf8') || failure));
    return {
      get open() {
        return socket.readyState === WebSocket.OPEN;
      },
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
      send: (data) => socket.send(data),
      close: (code) => socket.close(code),
      abandon: () => socket.terminate(),
    };
  },
  onWake: () => () => undefined,
  fillRandom: (bytes) => void crypto.getRandomValues(bytes),
  isSecurePage: () => false,
};
