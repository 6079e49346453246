/** A TCP proxy whose connections can be delayed, held, reset or refused while they are open. It makes nothing of their bytes. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tapes } from '../recording.ts';
import { Lane, type Passage } from './lane.ts';

export type ProxyMode =
  | Passage
  /** Nobody listens on the port any more, and every connection is reset: as if the process had gone. */
  | { mode: 'refuse' };

export interface Proxy {
  /** Where it listens, on 127.0.0.1; the same for its whole life. */
  readonly port: number;
  readonly mode: ProxyMode;
  /** Connections that are open. */
  readonly connections: number;
  /** Resolves when the mode is in force, for the connections that are there and for new ones. */
  set(mode: ProxyMode): Promise<void>;
  /** Resets every connection that is open; new ones are taken as before. Returns how many there were. */
  reset(): number;
  /** Nobody listens any more, for good; the connections end. */
  close(): Promise<void>;
}

/** The port may be in use for a moment when it is taken again: by a connection that somebody made from it. */
const LISTEN_TRIES = 100;
const LISTEN_PAUSE_MS = 100;

interface Connection {
  changed(): void;
  reset(): void;
}

async function listen(server: Server, port: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(port, '127.0.0.1', () => {
          server.off('error', reject);
          resolve();
        });
      });
      return;
    } catch (error) {
      const taken = port !== 0 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!taken || tries === LISTEN_TRIES) throw error;
      await sleep(LISTEN_PAUSE_MS);
    }
  }
}

/**
 * Starts a proxy to the port that `upstream` resolves to, on 127.0.0.1. A connection that comes before that is known
 * waits; where nobody listens at that port, it is reset. `record`: gives the tapes for each connection.
 */
export async function startProxy(upstream: () => Promise<number>, record?: () => Tapes): Promise<Proxy> {
  let mode: ProxyMode = { mode: 'pass' };
  /** Only one change at a time. */
  let changing: Promise<void> = Promise.resolve();
  let closed = false;
  const connections = new Set<Connection>();
  // While connections are refused there is none.
  const passage = (): Passage => (mode.mode === 'refuse' ? { mode: 'cut' } : mode);

  function take(client: Socket): void {
    let server: Socket | undefined;
    let lanes: Lane[] = [];
    let opening = false;
    /** One side is gone. The other is told when bytes may pass again: a cut is silent both ways. */
    let broken = false;
    const connection: Connection = {
      changed() {
        if (passage().mode === 'cut') {
          for (const lane of lanes) lane.changed();
        } else if (broken) connection.reset();
        else {
          void open();
          for (const lane of lanes) lane.changed();
        }
      },
      reset() {
        connections.delete(connection);
        for (const lane of lanes) lane.stop();
        client.resetAndDestroy();
        server?.resetAndDestroy();
      },
    };
    connections.add(connection);
    const gone = (): void => {
      broken = true;
      if (passage().mode !== 'cut') connection.reset();
    };

    function watch(socket: Socket, other: () => Socket | undefined): void {
      socket.setNoDelay(true);
      // `close` follows.
      socket.on('error', () => undefined);
      socket.on('close', (failed) => {
        // Both have said their end, and all was passed on.
        if (!failed && socket.readableEnded && (other()?.destroyed ?? true)) connections.delete(connection);
        else if (failed || !socket.readableEnded) gone();
      });
    }

    async function open(): Promise<void> {
      if (opening) return;
      opening = true;
      const port = await upstream().catch(() => undefined);
      if (!connections.has(connection)) return;
      if (port === undefined) return gone();
      server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      server.pause();
      watch(server, () => client);
      server.once('connect', () => {
        const tapes = record?.();
        lanes = [
          new Lane(client, server!, passage, tapes?.to),
          new Lane(server!, client, passage, tapes?.from),
        ];
        connection.changed();
      });
    }

    watch(client, () => server);
    connection.changed();
  }

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, take);
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  // Such as too many open files: this connection is not taken, the others go on.
  server.on('error', () => undefined);

  const stopListening = (): Promise<void> =>
    new Promise((resolve) => {
      // The callback of close() waits for connections too; the port itself is free at once.
      if (server.listening) server.close();
      setImmediate(resolve);
    });
  const reset = (): number => {
    const open = [...connections];
    for (const connection of open) connection.reset();
    return open.length;
  };

  return {
    port,
    get mode() {
      return mode;
    },
    get connections() {
      return connections.size;
    },
    set(next) {
      changing = changing
        .catch(() => undefined)
        .then(async () => {
          if (closed) return;
          mode = next;
          if (next.mode === 'refuse') {
            await stopListening();
            reset();
            return;
          }
          for (const connection of connections) connection.changed();
          if (!server.listening) await listen(server, port);
        });
      return changing;
    },
    reset,
    async close() {
      closed = true;
      await changing.catch(() => undefined);
      await stopListening();
      reset();
    },
  };
}
