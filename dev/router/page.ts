/** The page, served by Vite from its sources. */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { createServer } from 'vite';

/** Paths that are the page itself; the page reads the room id from its address. */
const PAGE = /^\/(?:r\/[^/]+)?$/;

export interface Page {
  /** Answers a GET or HEAD. */
  serve: (request: IncomingMessage, response: ServerResponse, notFound: () => void) => void;
  stop: () => Promise<void>;
}

/**
 * Starts Vite for the folder `root`, which has a vite.config.ts and an index.html. Changes reach open pages over a
 * WebSocket on `server`. `cache`: where Vite keeps the packages that it has prepared.
 */
export async function startPage(root: string, server: Server, cache: string): Promise<Page> {
  const vite = await createServer({
    root,
    configFile: join(root, 'vite.config.ts'),
    cacheDir: cache,
    appType: 'custom',
    clearScreen: false,
    logLevel: 'warn',
    server: { middlewareMode: true, ws: { server } },
  });

  async function document(response: ServerResponse): Promise<void> {
    const source = await readFile(join(root, 'index.html'), 'utf8');
    const html = await vite.transformIndexHtml('/', source);
    response
      .writeHead(200, { 'content-type': 'text/html;charset=utf-8', 'cache-control': 'no-cache' })
      .end(html);
  }

  return {
    serve(request, response, notFound) {
      const path = (request.url ?? '/').split('?', 1)[0]!;
      if (PAGE.test(path)) {
        document(response).catch((error: unknown) => {
          response.writeHead(500, { 'content-type': 'text/plain;charset=utf-8' }).end(String(error));
        });
      } else {
        vite.middlewares(request, response, notFound);
      }
    },
    stop: () => vite.close(),
  };
}
