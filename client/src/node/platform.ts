import { WebSocket } from 'ws';
import { SealedChannel } from '../e2ee/sealed-channel.ts';
import { inlineEngines } from '../engine/inline-engine.ts';
import type { OpenSocket, Platform } from '../platform.ts';
import { socketOf } from '../socket.ts';
import { nodeCrypto } from './crypto.ts';

const fillRandom: Platform['fillRandom'] = (bytes) => void crypto.getRandomValues(bytes);
const clock = (): number => performance.now();

/** A socket of `ws`. */
export const openNodeSocket: OpenSocket = (url, protocols, events) => {
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
  return socketOf(socket, () => socket.terminate());
};

/** Node, on sockets of the caller's. */
export const nodePlatformOn = (openSocket: OpenSocket): Platform => ({
  openEngine: inlineEngines({
    openSocket,
    openChannel: (sealing, events) =>
      SealedChannel.create({ ...sealing, crypto: nodeCrypto, fill: fillRandom, clock }, events),
    clock,
  }),
  openSocket,
  onWake: () => () => undefined,
  fillRandom,
  isSecurePage: () => false,
  canSeal: () => true,
  pageUrl: () => undefined,
});

/** Node, on `ws`. */
export const nodePlatform: Platform = nodePlatformOn(openNodeSocket);
