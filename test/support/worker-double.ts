/** A Worker that is no thread of its own: the Worker's side of an engine at the other end of a real message channel. */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { serveEngine } from '../../client/src/engine/serve.ts';
import type { OpenEngine } from '../../client/src/engine/engine.ts';
import type { Order, Port, Report } from '../../client/src/engine/messages.ts';
import type { WorkerPort } from '../../client/src/engine/worker-engine.ts';

function portOver<Heard, Said>(port: MessagePort): Port<Heard, Said> {
  return {
    post: (message, transfer) => port.postMessage(message, [...transfer]),
    listen: (heard) => void port.on('message', heard),
  };
}

export interface WorkerDouble {
  port: WorkerPort;
  /** As if something in it had thrown, or it could not be started. */
  fail(message: string): void;
  /** It was told to end, or ended itself. */
  readonly ended: boolean;
}

/** `open`: what it opens; undefined for a Worker that never does anything. */
export function workerDouble(open: OpenEngine | undefined): WorkerDouble {
  const { port1, port2 } = new MessageChannel();
  let failed: (message: string) => void = () => undefined;
  let ended = false;
  const end = (): void => {
    ended = true;
    // Nothing that was posted is heard any more.
    port2.removeAllListeners('message');
    port1.close();
  };
  if (open !== undefined) serveEngine(portOver<Order, Report>(port2), open, end);
  return {
    port: {
      ...portOver<Report, Order>(port1),
      onFailure: (listener) => {
        failed = listener;
      },
      terminate: end,
    },
    fail: (message) => failed(message),
    get ended() {
      return ended;
    },
  };
}
