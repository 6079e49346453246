/** A process's own word on its memory, after a garbage collection that we order (Chrome DevTools Protocol). */
import { WebSocket } from 'ws';

const LIMIT_MS = 5_000;

export interface Memory {
  pid: number;
  heap_bytes: number;
  rss_bytes: number;
}

interface Answer {
  id: number;
  result?: { result?: { value?: unknown } };
  error?: { message: string };
}

const MEMORY = `(({ heapUsed, rss }) => JSON.stringify({ pid: process.pid, heap_bytes: heapUsed, rss_bytes: rss }))(process.memoryUsage())`;

/** Where a process said that its inspector listens; undefined in any other line. */
export function inspectorUrl(line: string): string | undefined {
  return /Debugger listening on (ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+)/.exec(line)?.[1];
}

/** `gone`: nobody is there any more. `silent`: no answer within five seconds, as of a frozen process. */
export async function memoryOf(url: string): Promise<Memory | 'gone' | 'silent'> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const answer = Promise.withResolvers<Memory | 'gone' | 'silent'>();
  const timer = setTimeout(() => answer.resolve('silent'), LIMIT_MS);
  socket.on('error', () => answer.resolve('gone'));
  socket.on('close', () => answer.resolve('gone'));
  socket.on('open', () => {
    // Twice: what a finalizer lets go of is collected by the second.
    for (const id of [1, 2]) socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
    socket.send(JSON.stringify({ id: 3, method: 'Runtime.evaluate', params: { expression: MEMORY } }));
  });
  socket.on('message', (data) => {
    const { id, result } = JSON.parse((data as Buffer).toString('utf8')) as Answer;
    const value = result?.result?.value;
    if (id === 3) answer.resolve(typeof value === 'string' ? (JSON.parse(value) as Memory) : 'silent');
  });
  const memory = await answer.promise;
  clearTimeout(timer);
  socket.terminate();
  return memory;
}
