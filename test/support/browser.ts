/**
 * A real headless Chromium for the tests, from the npm packages alone: `@sparticuz/chromium` carries the binary, fonts
 * and the few shared libraries that a bare Debian or Amazon Linux lacks; `playwright-core` drives it.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inflate } from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const PACKAGE = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..');
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/anteroom-chromium');
const ARCHIVES = ['chromium.br', 'fonts.tar.br', 'swiftshader.tar.br', 'al2023.tar.br'];

const ARGS = [
  // Test machines and containers run as root and without user namespaces.
  '--no-sandbox',
  '--disable-gpu',
  // Everything is on the loopback interface; nothing may try to reach further.
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A container's /dev/shm may be 64 MB.
  '--disable-dev-shm-usage',
  // Glyphs at the same place on every machine.
  '--font-render-hinting=none',
];

/** An own configuration, so that text looks alike on a machine with other fonts, or with none. */
const fontsConf = (directory: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(directory, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(directory, 'fonts-cache')}</cachedir>
  <alias binding="same"><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias binding="same"><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
`;

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/**
 * Unpacks the package into `into`. It unpacks to the system's temporary directory, which other processes may be reading
 * half-written, so it is given one of its own: the paths are fixed when `inflate` is called, before the first await.
 */
async function unpack(into: string): Promise<void> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = into;
  const unpacked = ARCHIVES.map((archive) => inflate(join(PACKAGE, 'bin', archive)));
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  await Promise.all(unpacked);
}

/** The directory with the unpacked browser. Processes that start at the same time each unpack, and one of them wins. */
async function installed(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8')) as {
    version: string;
  };
  const directory = join(CACHE, version);
  if (await exists(directory)) return directory;
  const partial = `${directory}.${randomUUID()}`;
  await mkdir(partial, { recursive: true });
  try {
    await unpack(partial);
    await writeFile(join(partial, 'fonts.conf'), fontsConf(directory));
    await rename(partial, directory);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!(await exists(directory))) throw error;
  }
  return directory;
}

/** Whether the dynamic loader finds every library of `binary` on this machine. */
async function hasLibraries(binary: string): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ldd', [binary], { encoding: 'utf8' });
  return !stdout.includes('not found');
}

export interface BrowserOptions {
  /** Further command-line switches of Chromium. */
  args?: readonly string[];
}

/** Starts a headless Chromium. The caller closes it. The first start on a machine unpacks it, which takes seconds. */
export async function launchBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const directory = await installed();
  const executablePath = join(directory, 'chromium');
  const libraries = (await hasLibraries(executablePath))
    ? {}
    : { LD_LIBRARY_PATH: join(directory, 'al2023/lib') };
  return chromium.launch({
    executablePath,
    args: [...ARGS, ...(options.args ?? [])],
    env: { ...process.env, FONTCONFIG_FILE: join(directory, 'fonts.conf'), ...libraries },
  });
}
