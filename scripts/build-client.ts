/**
 * Builds @anteroom/client: `dist/index.js` and `dist/worker.js` (browsers) with the chunks that they share, `dist/node.js`
 * (Node), all with shared/ bundled in, and the declarations that those need. Fails if the result would not stand alone or is
 * over its size budget.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { bundleForNode, bundleForPages, ROOT } from './client-bundle.ts';
import type { Bundled } from './client-bundle.ts';

/**
 * What a page loads for the SDK, media apart, in bytes as a bundler ships it: minified, tweetnacl included, gzipped. `page` is
 * parsed on the page's own thread; `worker` on another.
 */
const SIZE_BUDGET = { page: 17_000, worker: 38_000 };

const CLIENT = join(ROOT, 'client');
const DIST = join(CLIENT, 'dist');

/** The modules that a bundle leaves outside. */
function externals({ metafile }: Bundled): string[] {
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return [...new Set(imports.filter(({ external }) => external).map(({ path }) => path))];
}

/** The relative modules that a declaration file names, without their extension; throws for any other. */
function relativeImports(declarations: string, file: string): string[] {
  return [...declarations.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(
    ([, specifier = '']) => {
      if (!specifier.startsWith('.')) throw new Error(`${file} needs types of "${specifier}"`);
      return specifier.replace(/\.[jt]s$/, '');
    },
  );
}

/** Keeps, of all declarations that tsc emits, those that the public ones reach. Both entry points have the same types. */
async function emitDeclarations(): Promise<void> {
  const emitted = await mkdtemp(join(tmpdir(), 'anteroom-types-'));
  try {
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
    const options = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly'];
    await promisify(execFile)(tsc, ['-p', CLIENT, ...options, '--rootDir', ROOT, '--outDir', emitted]);
    const wanted = ['client/src/index'];
    for (const module of wanted) {
      const file = `${module}.d.ts`;
      const declarations = await readFile(join(emitted, file), 'utf8');
      for (const specifier of relativeImports(declarations, file)) {
        const target = relative(emitted, join(emitted, dirname(file), specifier));
        if (!wanted.includes(target)) wanted.push(target);
      }
      const into = join(DIST, 'types', file);
      await mkdir(dirname(into), { recursive: true });
      // Every compiler and module resolution reads "./x.js" as "./x.d.ts"; "./x.ts" only newer ones do.
      await writeFile(into, declarations.replace(/(from\s*['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2'));
    }
  } finally {
    await rm(emitted, { recursive: true, force: true });
  }
}

function expectExternals(what: string, bundled: Bundled, allowed: readonly string[]): void {
  const others = externals(bundled).filter((name) => !allowed.includes(name));
  if (others.length > 0) throw new Error(`${what} imports ${others.join(', ')}, which it must not`);
}

/** Bytes of an entry and all that it imports, gzipped file by file; what it may load later does not count. */
async function shippedBytes(entry: 'index' | 'worker'): Promise<number> {
  const { metafile, outputFiles = [] } = await bundleForPages({ outdir: DIST, minify: true, write: false }, [
    entry,
  ]);
  const contents = new Map(outputFiles.map((file) => [relative(ROOT, file.path), file.contents]));
  const wanted = Object.keys(metafile.outputs).filter((file) => file.endsWith(`/${entry}.js`));
  for (const file of wanted) {
    for (const { path, kind } of metafile.outputs[file]!.imports) {
      if (kind === 'import-statement' && !wanted.includes(path)) wanted.push(path);
    }
  }
  return wanted.reduce((sum, file) => sum + gzipSync(contents.get(file)!, { level: 9 }).length, 0);
}

function expectWithin(what: string, bytes: number, budget: number): void {
  process.stdout.write(`@anteroom/client: ${what}: ${bytes} of ${budget} bytes gzipped\n`);
  if (bytes > budget) throw new Error(`The ${what} has ${bytes} bytes gzipped; its budget is ${budget}`);
}

await rm(DIST, { recursive: true, force: true });
const shipped = { outdir: DIST, sourcemap: true };
expectExternals('The bundle of pages', await bundleForPages(shipped), []);
expectExternals('dist/node.js', await bundleForNode(shipped), [
  'node:crypto',
  'node:util',
  'tweetnacl',
  'ws',
]);
await emitDeclarations();
expectWithin("page's part", await shippedBytes('index'), SIZE_BUDGET.page);
expectWithin('Worker', await shippedBytes('worker'), SIZE_BUDGET.worker);
