/** Runs scripts, and says of one that fails how it can be repeated. */
import fc from 'fast-check';
import { memoryBackend } from './memory-backend.ts';
import { Play } from './play.ts';
import type { Backend } from './rows.ts';
import { scripts, type Script } from './script.ts';
import { settle } from './settle.ts';
import { Town } from './town.ts';
import { installVirtualGlobals } from './virtual-globals.ts';

export interface Store {
  name: 'memory' | 'dynamodb';
  make(seed: number): Backend;
  /** What is left is taken away; what did not fit together in it, as sentences. */
  clear(): Promise<string[]>;
}

export const MEMORY: Store = { name: 'memory', make: () => memoryBackend(), clear: async () => [] };

/** The breach, if there is one, and what happened. */
export async function runScript(
  script: Script,
  store: Store,
): Promise<{ breach: string | undefined; log: string[] }> {
  const restore = installVirtualGlobals();
  try {
    const town = new Town(store.make(script.seed), script);
    const play = new Play(town);
    await play.run(script);
    if (town.monitor.breach === undefined) await settle(town, play);
    const left = await store.clear();
    const [first] = town.monitor.breach === undefined ? left : [];
    return { breach: town.monitor.breach ?? first, log: town.log };
  } finally {
    restore();
  }
}

/** A counterexample is made shorter for so long. */
const SHORTEN_MS = 40_000;

export interface CheckOptions {
  runs: number;
  seed: number;
  /** Of a counterexample that fast-check has named: only that is run. */
  path?: string | undefined;
  /** No new run begins after so many ms. */
  limit: number;
}

/** Undefined if all went well; else what to show. */
export async function checkModel(
  store: Store,
  options: CheckOptions,
): Promise<{ runs: number; report: string | undefined }> {
  const { runs, seed, path, limit } = options;
  const property = fc.asyncProperty(scripts, async (script) => {
    const { breach } = await runScript(script, store);
    if (breach !== undefined) throw new Error(breach);
  });
  const found = await fc.check(property, {
    seed,
    numRuns: runs,
    endOnFailure: true,
    ...(path !== undefined && { path }),
    interruptAfterTimeLimit: limit,
    markInterruptAsFailure: false,
  });
  const shortened =
    path === undefined && found.failed && found.counterexamplePath !== null
      ? await fc.check(property, {
          seed,
          path: found.counterexamplePath,
          interruptAfterTimeLimit: SHORTEN_MS,
        })
      : found;
  const details = shortened.counterexample === null ? found : shortened;
  if (!details.failed) return { runs: details.numRuns, report: undefined };
  const [script] = details.counterexample ?? [];
  if (script === undefined)
    return { runs: details.numRuns, report: `no counterexample: ${String(details.errorInstance)}` };
  const { breach, log } = await runScript(script, store);
  const { steps: _, heartbeats, removals, ...town } = script;
  return {
    runs: details.numRuns,
    report: [
      breach ?? 'not repeated',
      '',
      JSON.stringify(town),
      ...(heartbeats.length > 0 ? [`heartbeats ${JSON.stringify(heartbeats)}`] : []),
      ...(removals.length > 0 ? [`removals ${JSON.stringify(removals)}`] : []),
      ...log,
      '',
      `again: npm run model -- --store ${store.name} --seed ${details.seed} --path ${details.counterexamplePath ?? ''}`,
    ].join('\n'),
  };
}
