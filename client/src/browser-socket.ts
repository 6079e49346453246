import type { OpenSocket } from './platform.ts';
import { socketOf } from './socket.ts';

/** A socket of browsers, Workers, and whatever else has a global `WebSocket`. */
export const openBrowserSocket: OpenSocket = (url, protocols, events) => {
  const socket = new WebSocket(url, protocols);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('open', () => events.open(socket.protocol));
  socket.addEventListener('message', (event) => events.message(event.data as string | ArrayBuffer));
  socket.addEventListener('close', (event) => events.close(event.code, event.reason));
  // There is no harder way; what the socket still says is no longer listened to.
  return socketOf(socket, () => socket.close());
};
