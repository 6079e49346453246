/** What the Node servers of the benchmark have in common: a plain or TLS server on a free port, and telling its port. */
import { readFileSync } from 'node:fs';
import { createServer as createPlain, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';

/** The PEM files that the command made: undefined where the connections are plain. */
export function tlsFiles(): { key: string; cert: string } | undefined {
  const { BENCH_TLS_KEY, BENCH_TLS_CERT } = process.env;
  if (BENCH_TLS_KEY === undefined || BENCH_TLS_CERT === undefined) return undefined;
  return { key: readFileSync(BENCH_TLS_KEY, 'utf8'), cert: readFileSync(BENCH_TLS_CERT, 'utf8') };
}

/** An HTTP server, or an HTTPS server if the command wants TLS. */
export function createServer(): Server {
  const tls = tlsFiles();
  return tls === undefined ? createPlain() : createSecure(tls);
}

/** Tells the command that clients may connect. `version`: of what is measured. */
export function ready(port: number, version: string, more: Record<string, unknown> = {}): void {
  process.stdout.write(`${JSON.stringify({ port, version, ...more })}\n`);
}

/** Listens on a free port of the loopback interface and tells it. The backlog is the one that Anteroom asks for. */
export function listen(server: Server, version: string): void {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, () => {
    ready((server.address() as AddressInfo).port, version);
  });
}
