/** A relay as one writes it with Colyseus: bytes of one client are broadcast to the others of its room. */
import { createRequire } from 'node:module';
import { Room, Server } from '@colyseus/core';
import { WebSocketTransport } from '@colyseus/ws-transport';
import { createServer, ready } from '../servers/listen.ts';

class Relay extends Room {
  maxClients = 1_000;
  seatReservationTimeout = 600;

  onCreate() {
    this.onMessageBytes('m', (client, data) => this.broadcastBytes('m', data, { except: client }));
  }
}

const server = createServer();
const game = new Server({
  greet: false,
  gracefullyShutdown: false,
  transport: new WebSocketTransport({ server, perMessageDeflate: false, maxPayload: 1_000_000 }),
});
game.define('relay', Relay);
await game.listen(0, '127.0.0.1', 1_024);
ready(server.address().port, createRequire(import.meta.url)('@colyseus/core/package.json').version);
