/** A relay as one writes it with Socket.IO. The room is in the query; a message is the event `m` with its bytes. */
import { createRequire } from 'node:module';
import { Server } from 'socket.io';
import { createServer, listen } from '../servers/listen.ts';

const server = createServer();
const io = new Server(server, {
  transports: ['websocket'],
  perMessageDeflate: false,
  maxHttpBufferSize: 1_000_000,
});

io.on('connection', (socket) => {
  const room = String(socket.handshake.query.room);
  void socket.join(room);
  socket.on('m', (data) => socket.to(room).emit('m', data));
});

listen(server, createRequire(import.meta.url)('socket.io/package.json').version);
