/** A page whose only part is a Worker that runs the entry. */
import { errorOutcome } from './calls.ts';
import type { Call, Callable, Outcome } from './calls.ts';

interface WorkerLike {
  addEventListener(
    type: 'message',
    listener: (event: { data: { id: number; outcome: Outcome } }) => void,
  ): void;
  addEventListener(type: 'error', listener: (event: { message?: string }) => void): void;
  postMessage(message: { id: number; call: Call }): void;
}
const { Worker } = globalThis as unknown as {
  Worker: new (url: string, options: { type: 'module' }) => WorkerLike;
};

const worker = new Worker('/entry.js', { type: 'module' });
const ask = worker.postMessage.bind(worker);
const waiting = new Map<number, (outcome: Outcome) => void>();
let failure: Outcome | undefined;
let count = 0;

worker.addEventListener('message', ({ data: { id, outcome } }) => {
  waiting.get(id)?.(outcome);
  waiting.delete(id);
});
worker.addEventListener('error', ({ message = 'its script did not load' }) => {
  failure = errorOutcome(`In the Worker: ${message}`);
  for (const settle of waiting.values()) settle(failure);
  waiting.clear();
});
(globalThis as Callable).anteroomCall = (call) =>
  new Promise((resolve) => {
    if (failure !== undefined) {
      resolve(failure);
      return;
    }
    const id = count++;
    waiting.set(id, resolve);
    ask({ id, call });
  });
