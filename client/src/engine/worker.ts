/** What runs in the Worker: the socket, its acks and the encryption of one room. */
import { openInline } from './inline.ts';
import type { Order, Report } from './messages.ts';
import { serveEngine } from './serve.ts';

/** The global scope of a Worker, as far as it is used here. */
interface Scope {
  postMessage(message: Report, transfer: readonly ArrayBuffer[]): void;
  addEventListener(type: 'message', listener: (event: { data: Order }) => void): void;
  close(): void;
}

const scope = globalThis as unknown as Scope;

serveEngine(
  {
    post: (report, transfer) => scope.postMessage(report, transfer),
    listen: (heard) => scope.addEventListener('message', ({ data }) => heard(data)),
  },
  openInline,
  () => scope.close(),
);
