/** Bundles the handlers from the files that are deployed, and again whenever one of their sources changes. */
import { existsSync, type FSWatcher, mkdirSync, watch, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import type { Handler } from './invoke.ts';
import type { FunctionSpec } from './manifest.ts';

export interface BundleOptions {
  functions: readonly FunctionSpec[];
  /** Where bundles are written; below the folder with node_modules, where packages are found. */
  outdir: string;
  /** Called with all handlers at the start, and after each change with the functions that it changed. */
  loaded(handlers: ReadonlyMap<string, Handler>, changed: readonly string[]): void;
  /** A source does not build, or throws when it is loaded: the handlers of before stay. */
  failed(message: string): void;
}

/**
 * Imports the module in `text`. Its file is named after its content, so that what has not changed keeps its module and
 * the state in it, as a Lambda does that is not deployed anew.
 */
async function load(spec: FunctionSpec, outdir: string, text: Uint8Array, hash: string): Promise<Handler> {
  const file = join(outdir, `${spec.name}-${hash.replace(/[^A-Za-z0-9]/g, '_')}.mjs`);
  if (!existsSync(file)) writeFileSync(file, text);
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const handler = module[spec.export];
  if (typeof handler !== 'function') throw new Error(`${spec.file} exports no function ${spec.export}`);
  return handler as Handler;
}

/** Editors write a file in several steps; what happens within this time is one change, ms. */
const SETTLE_MS = 50;

/**
 * Loads the handlers, and again with each change in a folder that has one of their sources. Resolves when the first
 * build was handed to `loaded` or `failed`.
 */
export async function watchHandlers(options: BundleOptions): Promise<{ stop(): void }> {
  const { functions, outdir } = options;
  mkdirSync(outdir, { recursive: true });
  const hashes = new Map<string, string>();
  let handlers: ReadonlyMap<string, Handler> = new Map();
  const folders = new Map<string, FSWatcher>();
  let settling: NodeJS.Timeout | undefined;
  let building = Promise.resolve();

  /** Throws if a source does not build or does not load. */
  async function build(): Promise<void> {
    // One short process a build: esbuild's other calls leave a process running that outlives a killed parent at times.
    const { outputFiles, metafile } = buildSync({
      entryPoints: Object.fromEntries(functions.map(({ name, file }) => [name, file])),
      outdir,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      write: false,
      metafile: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node24',
      sourcemap: 'inline',
      sourcesContent: false,
      logLevel: 'silent',
    });
    watchFolders(Object.keys(metafile.inputs).map((input) => dirname(resolve(input))));
    const fresh = new Map(handlers);
    const changed: [string, string][] = [];
    for (const spec of functions) {
      const output = outputFiles.find(({ path }) => basename(path) === `${spec.name}.mjs`);
      if (output === undefined || output.hash === hashes.get(spec.name)) continue;
      fresh.set(spec.name, await load(spec, outdir, output.contents, output.hash));
      changed.push([spec.name, output.hash]);
    }
    if (changed.length === 0) return;
    for (const [name, hash] of changed) hashes.set(name, hash);
    handlers = fresh;
    options.loaded(
      handlers,
      changed.map(([name]) => name),
    );
  }

  async function tryBuild(): Promise<void> {
    try {
      await build();
    } catch (error) {
      options.failed(failureText(error));
    }
  }

  /** Folders, not files: editors replace files, and a file that is missing may come. */
  function watchFolders(wanted: readonly string[]): void {
    for (const folder of new Set(wanted)) {
      if (folders.has(folder)) continue;
      const watcher = watch(folder, { persistent: false }, () => {
        clearTimeout(settling);
        settling = setTimeout(() => {
          building = building.then(tryBuild);
        }, SETTLE_MS);
      });
      // A folder that was removed is no longer watched; the build that misses it says so.
      watcher.on('error', () => undefined);
      folders.set(folder, watcher);
    }
  }

  watchFolders(functions.map(({ file }) => dirname(file)));
  await tryBuild();
  return {
    stop() {
      clearTimeout(settling);
      for (const watcher of folders.values()) watcher.close();
    },
  };
}

/** A fault of a source names its place already; any other fault shows where it happened. */
function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'errors' in error ? error.message : (error.stack ?? error.message);
}
