/** What can be done to connections. */
import type { Mode } from './board.ts';
import type { Proxy } from './proxy.ts';

/** Longer than any time limit of the system. */
const MOST_SLOW_MS = 60_000;
const PASS = 'pass';

/** The modes of a connection. `missing`: why there is no proxy. */
export function connectionModes(proxy: Proxy | undefined, missing: string | undefined): Record<string, Mode> {
  const set = (mode: Parameters<Proxy['set']>[0]) => async (): Promise<undefined> => {
    await proxy?.set(mode);
    return undefined;
  };
  return {
    pass: { about: 'everything passes', missing, apply: set({ mode: 'pass' }) },
    slow: {
      about: 'each byte arrives that much later, in each direction',
      argument: { name: 'ms', least: 1, most: MOST_SLOW_MS },
      ends_with: PASS,
      missing,
      apply: (ms) => set({ mode: 'slow', ms })(),
    },
    cut: {
      about: 'connections stay open, also new ones, and nothing passes; afterwards what was held arrives',
      ends_with: PASS,
      missing,
      apply: set({ mode: 'cut' }),
    },
    refuse: {
      about: 'nobody listens, and open connections are reset',
      ends_with: PASS,
      missing,
      apply: set({ mode: 'refuse' }),
    },
    reset: {
      about: 'open connections are reset, once; new ones are taken',
      missing,
      apply: () => `${proxy?.reset()} connections`,
    },
  };
}

export function sayConnection(proxy: Proxy | undefined): string {
  if (proxy === undefined) return 'no proxy';
  const { mode, connections } = proxy;
  const how = mode.mode === 'slow' ? `slow ${mode.ms} ms` : mode.mode;
  return `${how}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`;
}
