import type { Order, Report } from './messages.ts';
import type { WorkerPort } from './worker-engine.ts';

/** A Worker, as far as it is used here; the module may be type-checked where there is none. */
interface BrowserWorker {
  postMessage(message: Order, transfer: readonly ArrayBuffer[]): void;
  terminate(): void;
  addEventListener(type: 'message', listener: (event: { data: Report }) => void): void;
  addEventListener(type: 'error', listener: (event: { message?: string }) => void): void;
  addEventListener(type: 'messageerror', listener: () => void): void;
}
declare const Worker: new (url: URL, options: { type: 'module'; name: string }) => BrowserWorker;

/** Starts the Worker. Throws where there is none, or the page must not have any. */
export function startWorker(): WorkerPort {
  // Bundlers know this very form, and bring the file along.
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'anteroom' });
  return {
    post: (order, transfer) => worker.postMessage(order, transfer),
    listen: (heard) => worker.addEventListener('message', ({ data }) => heard(data)),
    onFailure(failed) {
      // An error without a message: the file was not loaded.
      worker.addEventListener('error', ({ message }) => failed(message ?? 'its file could not be loaded'));
      worker.addEventListener('messageerror', () => failed('a message of it could not be read'));
    },
    terminate: () => worker.terminate(),
  };
}
