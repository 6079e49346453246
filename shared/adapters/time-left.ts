/** How long the request that is being served may go on: known wherever its calls lead, so that no adapter outlasts it. */
import { AsyncLocalStorage } from 'node:async_hooks';

/** By `performance.now()`, when the request is cut short. */
const ends = new AsyncLocalStorage<number>();

/** Runs `serve`, which is cut short `ms` from now. */
export function withTimeLeft<T>(ms: number, serve: () => Promise<T>): Promise<T> {
  return ends.run(performance.now() + ms, serve);
}

/** Milliseconds until the request is cut short; Infinity outside of {@link withTimeLeft}. */
export function timeLeft(): number {
  return (ends.getStore() ?? Infinity) - performance.now();
}
