/** A relay of a few lines, right but for one fault. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

export type RelayFault =
  'drop' | 'duplicate' | 'reorder' | 'corrupt' | 'echo' | 'stray' | 'close' | 'swallow';

export interface FaultyRelay extends AsyncDisposable {
  readonly port: number;
  /** Pings of the relay that were answered; each connection gets one. */
  readonly pongs: number;
}

/**
 * Rooms are paths. The fault is committed once, in room `/1`: on what its first member sends first, on the way to one
 * other. `swallow` is the exception: nothing reaches anybody.
 */
const FAULTY_ROOM = '/1';

function changed(message: Buffer): Buffer {
  const copy = Buffer.from(message);
  copy[copy.length - 1]! ^= 1;
  return copy;
}

/** Sends message number `index` of the first member to the receiver for which it goes wrong. */
function faultySend(fault: RelayFault, index: number, message: Buffer, ways: Ways): void {
  const { sender, receiver, stranger, held } = ways;
  if (index > 0) {
    receiver.send(message);
    for (const late of held.splice(0)) receiver.send(late);
    return;
  }
  if (fault === 'reorder') held.push(message);
  else if (fault === 'close') receiver.close(4429, 'too slow');
  else if (fault !== 'drop') receiver.send(fault === 'corrupt' ? changed(message) : message);
  if (fault === 'duplicate') receiver.send(message);
  if (fault === 'echo') sender.send(message);
  if (fault === 'stray') stranger.send(message);
}

interface Ways {
  sender: WebSocket;
  receiver: WebSocket;
  /** A member of another room. */
  stranger: WebSocket;
  /** Messages that come late. */
  held: Buffer[];
}

/** Starts it on a free port; over TLS if there is a certificate. */
export async function startFaultyRelay(
  fault?: RelayFault,
  tls?: { key: string; cert: string },
): Promise<FaultyRelay> {
  const server: Server = tls === undefined ? createServer() : createSecure(tls);
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  const rooms = new Map<string, WebSocket[]>();
  const held: Buffer[] = [];
  let pongs = 0;
  sockets.on('connection', (sender, { url }) => {
    const room = rooms.get(url!) ?? [];
    rooms.set(url!, room);
    const first = room.push(sender) === 1;
    let index = 0;
    sender.on('pong', () => pongs++).ping();
    sender.on('message', (data, binary) => {
      if (fault === 'swallow') return;
      const others = room.filter((member) => member !== sender);
      if (fault !== undefined && first && url === FAULTY_ROOM) {
        const stranger = [...rooms].find(([path]) => path !== url)![1][0]!;
        faultySend(fault, index, data as Buffer, { sender, receiver: others.shift()!, stranger, held });
      }
      for (const other of others) other.send(data as Buffer, { binary });
      index++;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get pongs() {
      return pongs;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}
