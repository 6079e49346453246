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
  /** Of a counterexample that was found with `seed`: only that is run. */
  path?: string | undefined;
  /** No new run begins after so many ms. */
  limit: number;
}

/** Runs that are drawn from one seed. */
const BATCH = 100;

/** Undefined if all went well; else what to show. */
export async function checkModel(
  store: Store,
  options: CheckOptions,
): Promise<{ runs: number; report: string | undefined }> {
  let until = performance.now() + options.limit;
  let runs = 0;
  const property = fc.asyncProperty(scripts(store.name === 'dynamodb'), async (script) => {
    if (performance.now() > until) return;
    runs++;
    const { breach } = await runScript(script, store);
    if (breach !== undefined) throw new Error(breach);
  });
  const { path } = options;
  if (path !== undefined) {
    const found = await fc.check(property, { seed: options.seed, path, numRuns: 1, endOnFailure: true });
    return { runs, report: found.failed ? await report(store, found) : undefined };
  }
  for (let { seed } = options; runs < options.runs && performance.now() < until; seed++) {
    const numRuns = Math.min(BATCH, options.runs - runs);
    const found = await fc.check(property, { seed, numRuns, endOnFailure: true });
    if (!found.failed || found.counterexamplePath === null) continue;
    until = performance.now() + SHORTEN_MS;
    const shortened = await fc.check(property, { seed, path: found.counterexamplePath });
    return { runs, report: await report(store, shortened.failed ? shortened : found) };
  }
  return { runs, report: undefined };
}

/** The script that fails, what happened in it, and how it is run again. */
async function report(store: Store, details: fc.RunDetails<[Script]>): Promise<string> {
  const [script] = details.counterexample ?? [];
  if (script === undefined) return `no counterexample: ${String(details.errorInstance)}`;
  const { breach, log } = await runScript(script, store);
  const { steps: _, heartbeats, removals, migrations, ...town } = script;
  return [
    breach ?? 'not repeated',
    '',
    JSON.stringify(town),
    ...(heartbeats.length > 0 ? [`heartbeats ${JSON.stringify(heartbeats)}`] : []),
    ...(removals.length > 0 ? [`removals ${JSON.stringify(removals)}`] : []),
    ...(migrations.length > 0 ? [`migrations ${JSON.stringify(migrations)}`] : []),
    ...log,
    '',
    `again: npm run model -- --store ${store.name} --seed ${details.seed} --path ${details.counterexamplePath ?? ''}`,
  ].join('\n');
}
