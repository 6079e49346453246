/**
 * Runs code of ours in a real Chromium: the functions that a module exports, bundled in memory, in a page on
 * `http://localhost` (a secure context) or in a Worker of such a page.
 *
 * ```ts
 * const chromium = await startChromium();
 * const entry = await chromium.open<typeof import('./entry.ts')>(new URL('./entry.ts', import.meta.url), 'worker');
 * expect(await entry.call('add', 1, 2)).toBe(3);
 * await chromium.close();
 * ```
 *
 * Arguments and results are what structured clones carry. What throws there throws here, with the stack of the sources.
 * A page may use the SDK: its Worker is there, too.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '../browser.ts';
import type { BrowserOptions } from '../browser.ts';
import { bundle, bundleEntry } from './bundle.ts';
import type { Bundle } from './bundle.ts';
import type { Call, Callable, Outcome } from './calls.ts';

/** A call that takes longer has failed, ms. */
const PATIENCE_MS = 60_000;

type Method<Module, Name extends keyof Module> = Module[Name] extends (...args: infer Args) => infer Result
  ? { args: Args; result: Awaited<Result> }
  : never;

/** A module that runs in Chromium. */
export interface ChromiumModule<Module> {
  /** What the function that it exports as `name` gives, or resolves to. Rejects with what it throws, and with what went uncaught. */
  call<Name extends keyof Module & string>(
    name: Name,
    ...args: Method<Module, Name>['args']
  ): Promise<Method<Module, Name>['result']>;
  readonly page: Page;
  close(): Promise<void>;
}

export interface Chromium {
  readonly browser: Browser;
  /** Loads `entry` into a page of its own, with nothing remembered, or into a Worker of one. */
  open<Module>(entry: string | URL, where?: 'page' | 'worker'): Promise<ChromiumModule<Module>>;
  /** Ends the browser and all that was opened. */
  close(): Promise<void>;
}

/** Where a page that has bundled the SDK looks for the source of its Worker. */
const SDK_WORKER = '/worker.ts';
const sdkWorker = (): Promise<Bundle> =>
  bundle(`import '../../../client/src/engine/worker.ts';`, import.meta.dirname);

/** Serves the page and its scripts on a port of their own; `stop` ends it. */
async function serve(
  files: Readonly<Record<string, string>>,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = request.url!;
    const answer = (content: string | undefined): void => {
      const type = path === '/' ? 'text/html;charset=utf-8' : 'text/javascript;charset=utf-8';
      response.writeHead(content === undefined ? 404 : 200, { 'content-type': type }).end(content);
    };
    if (path === SDK_WORKER) {
      sdkWorker().then(
        ({ code }) => answer(code),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    } else answer(files[path]);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, 'localhost', resolve);
  });
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function errorOf(outcome: Outcome & { kind: 'error' }, { readable }: Pick<Bundle, 'readable'>): Error {
  const stack = readable(outcome.stack);
  const prefix = `${outcome.name}: `;
  const message = stack.split('\n    at ')[0]!;
  const error = new Error(message.startsWith(prefix) ? message.slice(prefix.length) : message);
  error.name = outcome.name;
  error.stack = `${stack.startsWith(prefix) ? '' : prefix}${stack}\n    in Chromium`;
  return error;
}

/** Rejects as soon as something goes uncaught in `page`, whoever is waited for. Never resolves. */
function uncaughtIn(page: Page, code: Bundle): Promise<never> {
  const uncaught = new Promise<never>((_, reject) => {
    page.on('pageerror', ({ name, message, stack }) => {
      reject(errorOf({ kind: 'error', name, stack: stack ?? message }, code));
    });
  });
  uncaught.catch(() => undefined);
  return uncaught;
}

async function within<T>(work: Promise<T>, uncaught: Promise<never>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} took longer than ${PATIENCE_MS / 1000} s`)),
      PATIENCE_MS,
    );
  });
  return Promise.race([work, uncaught, late]).finally(() => clearTimeout(timer));
}

async function callIn(page: Page, call: Call): Promise<Outcome> {
  return page.evaluate((call) => (globalThis as Callable).anteroomCall!(call), call);
}

async function openModule<Module>(
  context: BrowserContext,
  code: Bundle,
  where: 'page' | 'worker',
): Promise<ChromiumModule<Module>> {
  const host = where === 'page' ? code : await bundle(`import './worker-host.ts';`, import.meta.dirname);
  const server = await serve({
    '/': `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/host.js"></script>`,
    '/host.js': host.code,
    '/entry.js': code.code,
  });
  const page = await context.newPage();
  const uncaught = uncaughtIn(page, code);
  const close = async (): Promise<void> => {
    await context.close();
    await server.stop();
  };
  try {
    await page.goto(server.url);
    await within(
      page.waitForFunction(() => 'anteroomCall' in globalThis),
      uncaught,
      'loading the entry',
    );
  } catch (error) {
    await close();
    throw error;
  }
  return {
    page,
    close,
    async call(name, ...args) {
      const outcome = await within(callIn(page, { name, args }), uncaught, `${name}()`);
      if (outcome.kind === 'error') throw errorOf(outcome, code);
      return outcome.value;
    },
  };
}

/** Starts a Chromium, which takes a second or so: one for all calls of a file is enough. The caller closes it. */
export async function startChromium(options: BrowserOptions = {}): Promise<Chromium> {
  const browser = await launchBrowser(options);
  const opened = new Set<{ close(): Promise<void> }>();
  return {
    browser,
    async open(entry, where = 'page') {
      const code = await bundleEntry(entry);
      const module = await openModule(await browser.newContext(), code, where);
      opened.add(module);
      return module;
    },
    async close() {
      for (const module of opened) await module.close();
      await browser.close();
    },
  };
}

/** One call in a Chromium of its own: see {@link Chromium.open}. */
export async function runInChromium<Module, Name extends keyof Module & string>(
  entry: string | URL,
  name: Name,
  ...args: Method<Module, Name>['args']
): Promise<Method<Module, Name>['result']> {
  const chromium = await startChromium();
  try {
    return await (await chromium.open<Module>(entry)).call(name, ...args);
  } finally {
    await chromium.close();
  }
}
