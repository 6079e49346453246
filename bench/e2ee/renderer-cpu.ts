import type { CDPSession } from 'playwright-core';
import { threadTimeOf } from '../thread-time.ts';

interface ProcessInfo {
  type: string;
  id: number;
}

/** CPU time of all renderer processes of a browser so far, ms. Only on Linux. `session`: one of the whole browser. */
export async function rendererCpuMs(session: CDPSession): Promise<number> {
  const { processInfo } = (await session.send('SystemInfo.getProcessInfo')) as { processInfo: ProcessInfo[] };
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const time = renderers.reduce((sum, { id }) => sum + threadTimeOf(id), 0n);
  return Number(time / 1_000n) / 1_000;
}
