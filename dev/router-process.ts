/** The router process as the stack sees it: its socket, its start, its end. */
import { createServer, type AddressInfo, type Server } from 'node:net';
import { type Child, endChild, startChild } from './child.ts';
import type { Tape } from './recording.ts';
import type { CallOutcome, FromRouter, Start, ToRouter } from './router/messages.ts';

const SCRIPT = new URL('router/main.ts', import.meta.url);
/** It has nothing to finish once the tasks are gone. */
const STOP_LIMIT_MS = 1_000;

/**
 * Takes the port (0: any) before anything else is started; the socket is handed to the router process later, so that
 * nobody can take the port in between. Throws a sentence when it is taken.
 */
export async function takePort(port: number): Promise<{ socket: Server; port: number }> {
  // Nobody is served here: whoever comes before the router is there may come again.
  const socket = createServer((connection) => connection.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(
              `port ${port} is taken by another process (perhaps another "npm run dev"): stop it or set PORT`,
            )
          : error,
      );
    });
    socket.listen({ port, host: '127.0.0.1' }, resolve);
  });
  return { socket, port: (socket.address() as AddressInfo).port };
}

export interface CallOptions {
  /** Default: that of its schedule. */
  event?: unknown;
  /** Whether to wait until it has returned, or only until the router has taken the call. Default: yes. */
  awaited?: boolean;
}

export interface RouterProcess {
  /** Sends a signal, unless it has ended. */
  signal(signal: NodeJS.Signals): void;
  /** Hands over the socket; resolves when the router listens on it. */
  start(start: Start, socket: Server): Promise<void>;
  send(message: ToRouter): void;
  /** Calls a function and resolves to what came of it. */
  call(name: string, more?: CallOptions): Promise<CallOutcome>;
  /** Resolves when the process has ended, with a sentence that says how. */
  readonly lost: Promise<string>;
  end(): Promise<void>;
}

/** `tape`: for its output as it is. */
export function spawnRouter(
  env: NodeJS.ProcessEnv,
  print: (line: string) => void,
  tape?: Tape,
): RouterProcess {
  const child: Child = startChild(SCRIPT, { env, prefix: '[router] ', print, tape });
  const lost = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(`the router ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}`);
    });
  });
  const calls = new Map<number, (outcome: CallOutcome) => void>();
  let last_call = 0;
  child.on('message', (message: FromRouter) => {
    if (message.kind !== 'called') return;
    calls.get(message.id)?.(message.outcome);
    calls.delete(message.id);
  });
  return {
    signal: (signal) => void child.kill(signal),
    lost,
    async start(start, socket) {
      const up = new Promise<void>((resolve, reject) => {
        child.on('message', (message: FromRouter) => {
          if (message.kind === 'up') resolve();
          if (message.kind === 'failed') reject(new Error(`the router did not start: ${message.message}`));
        });
      });
      child.send(start, socket, () => socket.close());
      await Promise.race([up, lost.then((sentence) => Promise.reject(new Error(sentence)))]);
    },
    send(message) {
      if (child.connected) child.send(message);
    },
    async call(name, { event, awaited = true } = {}) {
      const id = ++last_call;
      const called = new Promise<CallOutcome>((resolve) => calls.set(id, resolve));
      if (child.connected)
        child.send({ kind: 'call', id, function: name, event, awaited } satisfies ToRouter);
      const ended = lost.then((sentence): CallOutcome => ({ ok: false, message: sentence }));
      return Promise.race([called, ended]);
    },
    end: () => endChild(child, STOP_LIMIT_MS),
  };
}
