/** Clears the cache of compiled modules of what tests wrote to folders of one run: it is never asked for again. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Entries are not written again when they are used: what is of use is compiled anew now and then. */
const KEPT_MS = 2 * 24 * 3_600_000;

async function clearOld(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    // Another run may have taken it away.
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > KEPT_MS) await rm(file, { force: true });
  }
}

export default async function setup(): Promise<void> {
  const folder = process.env['NODE_COMPILE_CACHE'];
  if (folder !== undefined && folder.includes('node_modules')) await clearOld(folder);
}
