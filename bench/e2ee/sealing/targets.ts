/** Where the bouts run, and what CPU time they take there. */
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { startChromium } from '../../../test/support/chromium/scenario.ts';
import { rendererCpuMs } from '../renderer-cpu.ts';
import { boutsOn } from './bouts.ts';
import type { Bouts } from './bouts.ts';
import type * as entry from './chromium-entry.ts';

/** As {@link Bouts}, wherever they are. */
export type Remote<T> = {
  [Name in keyof T]: T[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

export interface Target {
  platform: 'Node' | 'Chromium';
  version: string;
  bouts: Remote<Bouts>;
  /** CPU time that was spent there so far, ms. */
  cpuMs(): Promise<number>;
  close(): Promise<void>;
}

/** This process. */
export async function nodeTarget(): Promise<Target> {
  const bouts = await boutsOn(nodeCrypto);
  return {
    platform: 'Node',
    version: process.version,
    bouts: {
      names: async () => bouts.names(),
      prepare: async (...args) => bouts.prepare(...args),
      seal: () => bouts.seal(),
      load: () => bouts.load(),
      open: () => bouts.open(),
    },
    async cpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    close: async () => undefined,
  };
}

/** A Worker in a page of Chromium, as the SDK runs there. */
export async function chromiumTarget(): Promise<Target> {
  const chromium = await startChromium();
  try {
    const module = await chromium.open<typeof entry>(
      new URL('./chromium-entry.ts', import.meta.url),
      'worker',
    );
    const session = await chromium.browser.newBrowserCDPSession();
    return {
      platform: 'Chromium',
      version: chromium.browser.version(),
      bouts: {
        names: () => module.call('names'),
        prepare: (...args) => module.call('prepare', ...args),
        seal: () => module.call('seal'),
        load: () => module.call('load'),
        open: () => module.call('open'),
      },
      cpuMs: () => rendererCpuMs(session),
      close: () => chromium.close(),
    };
  } catch (error) {
    await chromium.close();
    throw error;
  }
}
