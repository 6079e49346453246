/** Pages of a real Chromium that have loaded the SDK as a bundler ships it, from a server that also passes on to the router. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { bundleForPages } from '../../../scripts/client-bundle.ts';

/** A name that is not localhost: what is served there over http is no secure context. */
export const INSECURE_HOST = 'room.test';
export const BROWSER_ARGS = [`--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`];

export type Files = ReadonlyMap<string, Uint8Array>;

/** The files of the SDK by their names, bundled with what it depends on. */
export async function bundledSdk(): Promise<Files> {
  const { outputFiles = [] } = await bundleForPages({ outdir: 'unwritten', minify: true, write: false });
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
}

export interface PageOptions {
  /** Content-Security-Policy of Workers. Default: 'self'. */
  worker_src?: string;
  /** Files that are not there. */
  missing?: RegExp;
  host?: string;
}

const HTML = `<!doctype html><title>A page</title><script type="module" src="/page.js"></script>`;
const SCRIPT = `import * as sdk from './index.js'; globalThis.sdk = sdk;`;

/** Resolves once `expression` holds in the page. (Playwright's own way needs `eval`, which the page's policy forbids.) */
export async function until(page: Page, expression: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await page.evaluate<boolean>(expression))) {
    if (performance.now() > deadline) throw new Error(`not within 15 s: ${expression}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A page that has the SDK as `sdk`, with its router at `/router`; and what it has loaded. */
export async function openPage(
  browser: Browser,
  files: Files,
  router_url: string,
  { worker_src = "'self'", missing, host = '127.0.0.1' }: PageOptions = {},
): Promise<{ page: Page; loaded: string[]; origin: string }> {
  const loaded: string[] = [];

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { 'idempotency-key': key } = request.headers;
    const answer = await fetch(router_url + request.url!.replace('/router', ''), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': String(key) }) },
      body: await text(request),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  }

  const policy = `default-src 'none'; script-src 'self'; connect-src 'self' ws:; worker-src ${worker_src}`;
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      void forward(request, response);
      return;
    }
    const name = basename(request.url!);
    const content = name === '' ? HTML : name === 'page.js' ? SCRIPT : files.get(name);
    const there = content !== undefined && missing?.test(name) !== true;
    if (there && files.has(name)) loaded.push(name);
    response.writeHead(there ? 200 : 404, {
      'content-type': name.endsWith('.js') ? 'text/javascript' : 'text/html',
      'content-security-policy': policy,
    });
    response.end(there ? content : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://${host}:${(server.address() as AddressInfo).port}`;
  const page = await browser.newPage();
  onTestFinished(async () => {
    await page.close();
    server.closeAllConnections();
    server.close();
  });
  await page.goto(`${origin}/`);
  await until(page, 'globalThis.sdk !== undefined');
  return { page, loaded, origin };
}
