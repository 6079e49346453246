/** Bundles the handlers from the files that are deployed, and again whenever one of their sources changes. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildResult, context, formatMessages } from 'esbuild';
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

/** Starts to watch. Resolves when the first build was handed to `loaded` or `failed`. */
export async function watchHandlers(options: BundleOptions): Promise<{ stop(): Promise<void> }> {
  const { functions, outdir } = options;
  mkdirSync(outdir, { recursive: true });
  const hashes = new Map<string, string>();
  let handlers: ReadonlyMap<string, Handler> = new Map();
  const first = Promise.withResolvers<void>();

  async function take(result: BuildResult): Promise<void> {
    if (result.errors.length > 0) {
      const messages = await formatMessages(result.errors, { kind: 'error', color: false });
      options.failed(messages.map((message) => message.trimEnd()).join('\n'));
      return;
    }
    const fresh = new Map(handlers);
    const changed: [string, string][] = [];
    for (const spec of functions) {
      const output = result.outputFiles?.find(({ path }) => basename(path) === `${spec.name}.mjs`);
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

  const builder = await context({
    entryPoints: Object.fromEntries(functions.map(({ name, file }) => [name, file])),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    write: false,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [
      {
        name: 'reload',
        setup(build) {
          build.onEnd(async (result) => {
            try {
              await take(result);
            } catch (error) {
              options.failed(error instanceof Error ? (error.stack ?? error.message) : String(error));
            }
            first.resolve();
          });
        },
      },
    ],
  });
  await builder.watch();
  await first.promise;
  return { stop: () => builder.dispose() };
}
