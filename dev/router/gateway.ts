/** The HTTP API in front of the handlers: routes, limits, CORS, and the answers that API Gateway gives itself. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { gatewayAnswer, type HttpResponse, INTERNAL_SERVER_ERROR, toEvent, toResponse } from './http-api.ts';
import { failureLine, type Handler, invoke } from './invoke.ts';
import type { Manifest } from './manifest.ts';

/** Largest body that an HTTP API takes (API Gateway developer guide, "Quotas for HTTP APIs"). */
export const MOST_BODY_BYTES = 10 * 1024 * 1024;

/** Routes and handlers, as of the last change of a file. */
export interface Application {
  manifest: Manifest;
  /** By function name. */
  handlers: ReadonlyMap<string, Handler>;
}

export interface GatewayOptions {
  region: string;
  application: () => Application;
  /** One line for people. */
  print: (line: string) => void;
  /** Takes a GET or HEAD of a path that is no route, and calls `notFound` if it has no answer either. */
  page: (request: IncomingMessage, response: ServerResponse, notFound: () => void) => Promise<void>;
}

/** The body; undefined if it is larger than API Gateway takes. The rest of such a body is read and forgotten. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MOST_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return length > MOST_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

const sourceIp = (request: IncomingMessage): string =>
  (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');

/** The request listener of the router's HTTP server. */
export function gateway(options: GatewayOptions) {
  async function call(request: IncomingMessage, route: string): Promise<HttpResponse> {
    const body = await readBody(request);
    if (body === undefined) return gatewayAnswer(413, 'Request Entity Too Large');
    // Looked up after the body is there, so that a reload in between is not missed.
    const { manifest, handlers } = options.application();
    const name = manifest.routes.get(route);
    const spec = manifest.functions.find((candidate) => candidate.name === name);
    const handler = name === undefined ? undefined : handlers.get(name);
    if (spec === undefined || handler === undefined) return gatewayAnswer(404, 'Not Found');
    const event = toEvent(
      {
        method: request.method ?? 'GET',
        url: request.url ?? '/',
        protocol: `HTTP/${request.httpVersion}`,
        headers: request.headers,
        source_ip: sourceIp(request),
        body,
      },
      route,
    );
    const result = await invoke(handler, spec, event, options.region);
    if (result.kind === 'returned') return toResponse(result.value);
    options.print(failureLine(spec, result));
    return result.kind === 'timed_out' ? gatewayAnswer(503, 'Service Unavailable') : INTERNAL_SERVER_ERROR;
  }

  function send(request: IncomingMessage, response: ServerResponse, answer: HttpResponse): void {
    const { cors } = options.application().manifest;
    const bodiless = answer.status === 204 || answer.status === 304;
    response.writeHead(answer.status, {
      ...answer.headers,
      ...(bodiless ? {} : { 'content-length': Buffer.byteLength(answer.body) }),
      ...corsHeaders(cors, request.headers.origin),
    });
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  /** What clients do, and what goes wrong; the regular calls of tasks would fill the terminal. */
  function log(request: IncomingMessage, route: string, status: number, started: number): void {
    const regular = request.method === 'GET' || request.headers.authorization !== undefined;
    if (status < 400 && regular) return;
    options.print(`${route} ${status} ${Math.round(performance.now() - started)} ms`);
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = performance.now();
    const { manifest } = options.application();
    const { origin } = request.headers;
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const route = `${request.method} ${path}`;
    if (
      request.method === 'OPTIONS' &&
      manifest.cors !== undefined &&
      origin !== undefined &&
      request.headers['access-control-request-method'] !== undefined
    ) {
      response.writeHead(204, preflightHeaders(manifest.cors, origin)).end();
      return;
    }
    if (manifest.routes.has(route)) {
      const answer = await call(request, route);
      send(request, response, answer);
      log(request, route, answer.status, started);
      return;
    }
    const forPage = request.method === 'GET' || request.method === 'HEAD';
    const ofApi = [...manifest.routes.keys()].some((key) => key.endsWith(` ${path}`));
    const notFound = (): void => {
      request.resume();
      send(request, response, gatewayAnswer(404, 'Not Found'));
    };
    if (forPage && !ofApi) await options.page(request, response, notFound);
    else notFound();
  };
}
