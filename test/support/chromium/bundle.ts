import { SourceMap } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '../../..');

export interface Bundle {
  code: string;
  /** `stack` with the files and lines that were written, not those of the bundle. */
  readable: (stack: string) => string;
}

function mapped(map: SourceMap, line: number, column: number): string | undefined {
  const entry = map.findEntry(line - 1, column - 1);
  if (!('originalSource' in entry)) return undefined;
  const file = relative(ROOT, entry.originalSource.replace(/^file:\/\//, ''));
  return `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

/** Bundles `source`, a module in `directory`, for browsers, in memory; workspace packages as they are written, not as built. */
export async function bundle(source: string, directory: string): Promise<Bundle> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: directory, loader: 'ts' },
    absWorkingDir: ROOT,
    outdir: ROOT,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    conditions: ['anteroom-source', 'import', 'default'],
    sourcemap: 'external',
    sourcesContent: false,
    logLevel: 'silent',
  });
  const textOf = (suffix: string): string => outputFiles.find(({ path }) => path.endsWith(suffix))!.text;
  const map = new SourceMap(JSON.parse(textOf('.js.map')));
  return {
    code: textOf('.js'),
    readable: (stack) =>
      stack.replace(/https?:\/\/[^\s/]+\/[\w-]+\.js:(\d+):(\d+)/g, (place, line, column) => {
        return mapped(map, Number(line), Number(column)) ?? place;
      }),
  };
}

/** The bundle of a module whose functions can be called from Node. */
export async function bundleEntry(entry: string | URL): Promise<Bundle> {
  const file = entry instanceof URL ? fileURLToPath(entry) : entry;
  const calls = join(import.meta.dirname, 'calls.ts');
  const source = `import * as entry from ${JSON.stringify(file)};
import { answerCalls } from ${JSON.stringify(calls)};
answerCalls(entry);`;
  return bundle(source, dirname(file));
}
