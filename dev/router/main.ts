/**
 * The router process of the local stack: gateway, handlers, schedules, page. Started by dev/stack.ts, which sends it a
 * {@link Start} with the socket to listen on.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { memoryRoomStore } from '../../shared/adapters/memory/store.ts';
import { runApplication, type RunningApplication } from './application.ts';
import { CONTROL_STAGE } from '../settings.ts';
import { gateway } from './gateway.ts';
import type { Call, FromRouter, Start, ToRouter } from './messages.ts';
import type { Page } from './page.ts';
import { webSocketApi } from './web-socket/api.ts';
import { answerConnections } from './web-socket/connections.ts';

/** Where the handlers look for a store that outlives their reloads (functions/runtime/deps.ts). */
const LOCAL_STORE = Symbol.for('anteroom.room-store');

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const tell = (message: FromRouter): void => {
  process.send?.(message);
};

async function start(message: Start, socket: Server): Promise<RunningApplication> {
  Object.assign(process.env, message.env);
  if (message.store === 'memory') Object.assign(globalThis, { [LOCAL_STORE]: memoryRoomStore() });

  const server = createServer();
  let starting: Promise<Page> | undefined;
  const thePage = (): Promise<Page> => {
    // Vite is large: loaded only by whoever needs it.
    starting ??= import('./page.ts').then(({ startPage }) =>
      startPage(message.page.root, server, message.page.cache),
    );
    return starting;
  };
  const [application] = await Promise.all([
    runApplication({
      file: message.manifest,
      outdir: join(message.run, 'handlers'),
      region: message.region,
      print,
    }),
    message.page.lazy ? undefined : thePage(),
  ]);
  const listener = gateway({
    region: message.region,
    application: application.current,
    print,
    page: async (request, response, notFound) => (await thePage()).serve(request, response, notFound),
  });
  const sockets = webSocketApi({
    region: message.region,
    stage: CONTROL_STAGE,
    application: application.current,
    print,
  });
  server.on('request', (request, response) => {
    if (answerConnections(sockets, request, response)) return;
    listener(request, response).catch((error: unknown) => {
      print(`the connection of a ${request.method} broke: ${String(error)}`);
      response.destroy();
    });
  });
  // Vite takes the sockets of its own protocols, the control channel those of its path; nobody else's are served here.
  server.on('upgrade', (request, stream, head) => {
    // The server listens no more to a stream that it has handed over: a reset would end the process.
    stream.on('error', () => stream.destroy());
    if (sockets.upgrade(request, stream, head)) return;
    if (!String(request.headers['sec-websocket-protocol']).startsWith('vite-')) {
      stream.once('finish', () => stream.destroy());
      stream.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(socket, resolve);
  });
  return application;
}

let running: RunningApplication | undefined;

async function answerCall({ id, function: name, event, awaited }: Call): Promise<void> {
  if (running === undefined) return;
  const called = running.call(name, event);
  const outcome = awaited || !running.has(name) ? await called : ({ ok: true, value: undefined } as const);
  tell({ kind: 'called', id, outcome });
}

process.on('message', (message: ToRouter, socket) => {
  if (message.kind === 'event') {
    running?.deliver(message.event);
    return;
  }
  if (message.kind === 'call') {
    void answerCall(message);
    return;
  }
  start(message, socket as Server).then(
    (application) => {
      running = application;
      tell({ kind: 'up' });
    },
    (error: unknown) => {
      tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    },
  );
});

// dev/end-with-parent.ts has let go of the channel, but until there is a server nothing else keeps this process alive.
process.channel?.ref();
// In Lambda a rejection that nobody handles ends one instance, not the whole router.
process.on('unhandledRejection', (error) => {
  print(`unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`);
});
process.on('SIGTERM', () => process.exit(0));
