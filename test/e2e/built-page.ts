/** The page as it is deployed: built, and served by a plain web server whose origin is not that of the router. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { build } from 'vite';
import type { Rolldown } from 'vite';

const WEB = join(import.meta.dirname, '../../web');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html;charset=utf-8',
  '.js': 'text/javascript;charset=utf-8',
  '.css': 'text/css;charset=utf-8',
};

export interface BuiltPage {
  /** Where it is served, without a slash at the end. */
  url: string;
  html: string;
  stop(): Promise<void>;
}

/** Files of the page by path, built in memory for the router at `router_url`. */
async function buildPage(router_url: string): Promise<Map<string, string>> {
  process.env['VITE_ROUTER_URL'] = router_url;
  try {
    const { output } = (await build({
      configFile: join(WEB, 'vite.config.ts'),
      logLevel: 'warn',
      build: { write: false },
    })) as Rolldown.RolldownOutput;
    return new Map(
      output.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source.toString()]),
    );
  } finally {
    delete process.env['VITE_ROUTER_URL'];
  }
}

/** Builds the page for the router at `router_url` and serves it on a port of its own. */
export async function serveBuiltPage(router_url: string): Promise<BuiltPage> {
  const files = await buildPage(router_url);
  const html = files.get('/index.html')!;
  // Every path that is no file is the page, which reads the room id from its address.
  const server = createServer((request, response) => {
    const file = files.get(request.url!);
    const type = TYPES[file === undefined ? '.html' : extname(request.url!)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type }).end(file ?? html);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    html,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
