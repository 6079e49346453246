/** The bundles of the SDK: what pages load, and what Node does. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BuildOptions, BuildResult, Plugin } from 'esbuild';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'client', 'src');

/** The source names the source of the Worker, as bundlers of sources want it; beside a bundle stands the bundle of it. */
const workerUrl: Plugin = {
  name: 'worker-url',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]worker-port\.ts$/ }, async ({ path }) => {
      const parts = (await readFile(path, 'utf8')).split("'./worker.ts'");
      if (parts.length !== 2) throw new Error(`${path} must name ./worker.ts once`);
      return { contents: parts.join("'./worker.js'"), loader: 'ts' };
    });
  },
};

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  metafile: true,
  logLevel: 'warning',
  plugins: [workerUrl],
} satisfies BuildOptions;

type Options = Pick<BuildOptions, 'outdir' | 'minify' | 'sourcemap' | 'write'>;
export type Bundled = BuildResult<typeof COMMON & Options>;

/**
 * `index.js` and `worker.js` with the chunks that they share; or those of them that `entries` names. tweetnacl is in them: it is
 * no ES module, so that a Worker that no bundler has touched, as in development, could not load it.
 */
export function bundleForPages(
  options: Options,
  entries: readonly ('index' | 'worker')[] = ['index', 'worker'],
): Promise<Bundled> {
  const sources = { index: join(SRC, 'index.ts'), worker: join(SRC, 'engine', 'worker.ts') };
  return build({
    ...COMMON,
    entryPoints: Object.fromEntries(entries.map((entry) => [entry, sources[entry]])),
    platform: 'browser',
    target: 'es2022',
    splitting: true,
    // tweetnacl looks for Node's crypto.
    define: { require: 'undefined' },
    ...options,
  });
}

/** `node.js`, packages left outside. */
export function bundleForNode(options: Options): Promise<Bundled> {
  return build({
    ...COMMON,
    entryPoints: { node: join(SRC, 'node', 'index.ts') },
    platform: 'node',
    target: 'node20',
    packages: 'external',
    ...options,
  });
}
