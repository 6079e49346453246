/** A relay as one writes it with `ws` in ten lines. Members of `/<room>` hear each other. */
import { createRequire } from 'node:module';
import { WebSocket, WebSocketServer } from 'ws';
import { createServer, listen } from './listen.ts';

const require = createRequire(import.meta.url);
// `ws` loads it by itself where it is installed: a run that is named after it must not be without.
if (process.env['WS_NO_BUFFER_UTIL'] === undefined) require('bufferutil');

const rooms = new Map<string, Set<WebSocket>>();
const server = createServer();
const wss = new WebSocketServer({ server, perMessageDeflate: false });

wss.on('connection', (me, request) => {
  const name = request.url!;
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room.add(me));
  me.on('message', (data, binary) => {
    for (const other of room) {
      if (other !== me && other.readyState === WebSocket.OPEN) other.send(data, { binary });
    }
  });
  me.on('close', () => {
    room.delete(me);
    if (room.size === 0) rooms.delete(name);
  });
  // A connection that breaks is closed by `ws`, and the room is left there.
  me.on('error', () => {});
});

listen(server, (require('ws/package.json') as { version: string }).version);
