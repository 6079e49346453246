import type { OpenSocket } from './platform.ts';

/** A socket of browsers, Workers, and whatever else has a global `WebSocket`. */
export const openBrowserSocket: OpenSocket = (url, protocols, events) => {
  const socket = new WebSocket(url, protocols);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('open', () => events.open(socket.protocol));
  socket.addEventListener('message', (event) => events.message(event.data as string | ArrayBuffer));
  socket.addEventListener('close', (event) => events.close(event.code, event.reason));
  return {
    get open() {
      return socket.readyState === WebSocket.OPEN;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (data) => socket.send(data),
    close: (code) => socket.close(code),
    // There is no harder way; what the socket still says is no longer listened to.
    abandon: () => socket.close(),
  };
};
