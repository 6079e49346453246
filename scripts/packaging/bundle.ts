/** Looks into the archive of one function as Lambda will. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { PackagedFunction } from './template.ts';
import { readZip } from './zip.ts';

/**
 * Largest archive of one function, bytes. A handler with every SDK client that the control plane uses is about 0.6 MB,
 * source map included; a jump beyond this is a dependency that got in by mistake, and a slower cold start.
 */
export const ARCHIVE_BUDGET = 1_500_000;

const IMPORT_TIMEOUT_MS = 30_000;

const run = promisify(execFile);

export interface BundleReport {
  bytes: number;
  /** Time that importing the handler took, process start included, ms. */
  import_ms: number;
  faults: string[];
}

/** What is wrong with the files of an archive whose handler is `handler`. */
export function contentFaults(files: Iterable<string>, handler: string): string[] {
  const module = handler.slice(0, handler.lastIndexOf('.'));
  const expected = new Set([`${module}.mjs`, `${module}.mjs.map`]);
  const faults = [...files]
    .filter((file) => !expected.delete(file))
    .map((file) => `${file} is in the archive but belongs to no handler`);
  return [...faults, ...[...expected].map((file) => `${file} is not in the archive`)];
}

/**
 * Unpacks the archive of `fn` away from any node_modules and imports its handler with this Node.js, with the function's
 * own variables and without credentials.
 */
export async function inspectBundle(directory: string, fn: PackagedFunction): Promise<BundleReport> {
  const archive = await readFile(join(directory, fn.zip));
  const faults: string[] = [];
  if (archive.length > ARCHIVE_BUDGET) {
    faults.push(`${archive.length} bytes are more than the budget of ${ARCHIVE_BUDGET}`);
  }
  const files = readZip(archive);
  faults.push(...contentFaults(files.keys(), fn.handler));
  const root = await mkdtemp(join(tmpdir(), 'anteroom-package-'));
  try {
    for (const [name, content] of files) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), content);
    }
    const started = performance.now();
    const fault = await importFault(root, fn);
    if (fault !== undefined) faults.push(fault);
    return { bytes: archive.length, import_ms: Math.round(performance.now() - started), faults };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function importFault(root: string, fn: PackagedFunction): Promise<string | undefined> {
  const module = pathToFileURL(join(root, `${fn.handler.slice(0, fn.handler.lastIndexOf('.'))}.mjs`)).href;
  const name = extname(fn.handler).slice(1);
  const script = `
    const exported = (await import(${JSON.stringify(module)}))[${JSON.stringify(name)}];
    if (typeof exported !== 'function') throw new Error('the export ${name} is ' + typeof exported + ', not a function');
    process.exit(0);`;
  try {
    await run(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: root,
      timeout: IMPORT_TIMEOUT_MS,
      env: {
        ...fn.environment,
        AWS_REGION: 'eu-central-1',
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return `the handler cannot be imported: ${stderr === undefined || stderr === '' ? message : stderr.trim()}`;
  }
}
