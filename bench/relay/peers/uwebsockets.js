/** A relay as one writes it with uWebSockets.js: each message is published to the room, which leaves its sender out. */
import { createRequire } from 'node:module';
import uWS from 'uWebSockets.js';
import { ready } from '../servers/listen.ts';

const { BENCH_TLS_KEY: key_file_name, BENCH_TLS_CERT: cert_file_name } = process.env;
const app = key_file_name === undefined ? uWS.App() : uWS.SSLApp({ key_file_name, cert_file_name });

app.ws('/*', {
  compression: uWS.DISABLED,
  maxPayloadLength: 65_536,
  maxBackpressure: 1_048_576,
  idleTimeout: 120,
  upgrade(response, request, context) {
    response.upgrade(
      { room: request.getUrl() },
      request.getHeader('sec-websocket-key'),
      request.getHeader('sec-websocket-protocol'),
      request.getHeader('sec-websocket-extensions'),
      context,
    );
  },
  open: (socket) => socket.subscribe(socket.getUserData().room),
  message: (socket, data, binary) => socket.publish(socket.getUserData().room, data, binary),
});

app.listen('127.0.0.1', 0, (listening) => {
  if (!listening) throw new Error('uWebSockets.js cannot listen');
  const { version } = createRequire(import.meta.url)('uWebSockets.js/package.json');
  ready(uWS.us_socket_local_port(listening), version);
});
