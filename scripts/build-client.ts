/**
 * Builds @anteroom/client: `dist/index.js` (browsers), `dist/node.js` (Node, `ws` left outside) with shared/ bundled in,
 * and the declarations that those need. Fails if the result would not stand alone or is over its size budget.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** What a page may load for the SDK, media apart: bytes, gzipped, as shipped (not minified). */
const SIZE_BUDGET_BYTES = 25_000;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLIENT = join(ROOT, 'client');
const DIST = join(CLIENT, 'dist');

/** Bundles one entry point; returns the modules that are left outside. */
async function bundle(entry: string, outfile: string, platform: 'browser' | 'node'): Promise<string[]> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(CLIENT, 'src', entry)],
    outfile: join(DIST, outfile),
    bundle: true,
    format: 'esm',
    platform,
    target: platform === 'node' ? 'node20' : 'es2022',
    packages: 'external',
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  });
  const outputs = Object.values(result.metafile.outputs);
  return [
    ...new Set(outputs.flatMap((output) => output.imports.filter((i) => i.external).map((i) => i.path))),
  ];
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

function expectExternals(file: string, found: readonly string[], allowed: readonly string[]): void {
  const others = found.filter((name) => !allowed.includes(name));
  if (others.length > 0) throw new Error(`${file} imports ${others.join(', ')}, which it must not`);
}

await rm(DIST, { recursive: true, force: true });
expectExternals('dist/index.js', await bundle('index.ts', 'index.js', 'browser'), []);
expectExternals('dist/node.js', await bundle('node/index.ts', 'node.js', 'node'), ['ws']);
await emitDeclarations();

const bytes = gzipSync(await readFile(join(DIST, 'index.js'))).length;
if (bytes > SIZE_BUDGET_BYTES) {
  throw new Error(`dist/index.js has ${bytes} bytes gzipped; its budget is ${SIZE_BUDGET_BYTES}`);
}
process.stdout.write(`@anteroom/client: ${bytes} of ${SIZE_BUDGET_BYTES} bytes gzipped\n`);
