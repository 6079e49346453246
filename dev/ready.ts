import { setTimeout as sleep } from 'node:timers/promises';
import type { AvailableTasks } from '../shared/protocol/api.ts';

/** Time for everything to answer, ms. */
const READY_LIMIT_MS = 60_000;
const POLL_MS = 50;

/**
 * Waits until the router at `url` answers, with `page` the page too, and `count` tasks are registered as READY.
 * Rejects with a sentence for people when something answers with an error or the limit has passed.
 */
export async function untilReady(
  url: string,
  count: number,
  page: boolean,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS;
  const get = (path: string) => fetch(`${url}${path}`, { signal, headers: { accept: '*/*' } });
  for (const path of ['/health', ...(page ? ['/'] : [])]) {
    const response = await get(path);
    const text = await response.text();
    if (!response.ok) throw new Error(`GET ${path} answers ${response.status}: ${text}`);
  }
  for (;;) {
    const response = await get('/available-tasks');
    const text = await response.text();
    const tasks = response.ok ? (JSON.parse(text) as AvailableTasks).tasks : [];
    if (response.ok && tasks.filter(({ state }) => state === 'READY').length >= count) return;
    if (performance.now() > deadline) {
      throw new Error(
        response.ok
          ? `only ${tasks.length} of ${count} stream tasks have registered within ${READY_LIMIT_MS / 1_000} s`
          : `GET /available-tasks answers ${response.status}: ${text}`,
      );
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
