import { readdirSync, readFileSync } from 'node:fs';
import type { CDPSession } from 'playwright-core';

interface ProcessInfo {
  type: string;
  id: number;
}

/** Nanoseconds that the threads of a process which live now have run. The kernel's usual counters go by 10 ms. */
function threadTimeOf(pid: number): bigint {
  let sum = 0n;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += BigInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]!);
    } catch (error) {
      // It ended between the two reads.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return sum;
}

/** CPU time of all renderer processes of a browser so far, ms. Only on Linux. `session`: one of the whole browser. */
export async function rendererCpuMs(session: CDPSession): Promise<number> {
  const { processInfo } = (await session.send('SystemInfo.getProcessInfo')) as { processInfo: ProcessInfo[] };
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const time = renderers.reduce((sum, { id }) => sum + threadTimeOf(id), 0n);
  return Number(time / 1_000n) / 1_000;
}
