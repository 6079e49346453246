/** The relay's HTTP routes: /health, /ready, /metrics for anyone; /register, /rooms and /drain with the router's token. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry as MetricsRegistry } from 'prom-client';
import { isBoundTo, ROUTER, verifyClaims, type TokenClaims } from '../shared/domain/token.ts';
import type { SecretSource } from '../shared/ports/secrets.ts';
import { registerRequest, type DrainResponse, type TaskRooms } from '../shared/protocol/api.ts';
import { problem, PROBLEM_TYPE, PROBLEMS, type Fault, type ProblemCode } from '../shared/protocol/problem.ts';
import { ROOM_ID } from '../shared/protocol/subprotocol.ts';
import { readBody } from './body.ts';
import type { Logger } from './log.ts';
import type { Registry } from './registry.ts';

export interface RouteDeps {
  task_id: string;
  /** When the process started, ms since the Unix epoch: what put-task says, too. */
  started_at: number;
  registry: Registry;
  secrets: SecretSource;
  metrics: MetricsRegistry;
  log: Logger;
  /** Begins to drain, unless it does already. Undefined: it cannot. */
  drain: (() => DrainResponse) | undefined;
  /** Called when the request has shown a valid token. */
  proven: () => void;
}

/** A register of MAX_CLIENTS_CEILING clients, and as many gone, is about 300 KB. */
const MAX_BODY_BYTES = 1024 * 1024;

interface Answer {
  status: number;
  type: string;
  body: string;
  headers?: Record<string, string>;
}

/** An error that the caller is told as problem details. */
class Refusal extends Error {
  readonly code: ProblemCode;
  readonly faults: Fault[] | undefined;
  readonly headers: Record<string, string>;
  constructor(code: ProblemCode, detail: string, faults?: Fault[], headers: Record<string, string> = {}) {
    super(detail);
    this.code = code;
    this.faults = faults;
    this.headers = headers;
  }
}

/** For how long the text of the metrics is good for other scrapes, ms: it costs a millisecond to make. */
const METRICS_AGE_MS = 100;
const metricsTexts = new WeakMap<MetricsRegistry, { made_at: number; text: Promise<string> }>();

function metricsText(metrics: MetricsRegistry): Promise<string> {
  const now = performance.now();
  let made = metricsTexts.get(metrics);
  if (made === undefined || now - made.made_at >= METRICS_AGE_MS) {
    made = { made_at: now, text: metrics.metrics() };
    metricsTexts.set(metrics, made);
  }
  return made.text;
}

const text = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body });
const json = (body: unknown, status = 200): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
});

interface Route {
  method: 'GET' | 'POST';
  answer(request: IncomingMessage, url: URL, deps: RouteDeps): Answer | Promise<Answer>;
}

const ROUTES: Readonly<Record<string, Route>> = {
  '/health': { method: 'GET', answer: () => text(200, 'Healthy.') },
  '/ready': {
    method: 'GET',
    answer: (_request, _url, { registry }) =>
      registry.mode === 'open' ? text(200, 'Ready.') : text(503, 'Draining.'),
  },
  '/metrics': {
    method: 'GET',
    answer: async (_request, _url, { metrics }) => ({
      status: 200,
      type: metrics.contentType,
      body: await metricsText(metrics),
    }),
  },
  '/register': { method: 'POST', answer: register },
  '/rooms': { method: 'GET', answer: rooms },
  '/drain': { method: 'POST', answer: drain },
};

/** Answers `request`. Never throws. */
export async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  deps: RouteDeps,
): Promise<void> {
  const answer = await route(request, deps).catch((error: unknown) => refuse(error, deps));
  if (response.destroyed || request.socket.destroyed) return;
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

async function route(request: IncomingMessage, deps: RouteDeps): Promise<Answer> {
  const url = URL.parse(request.url ?? '/', 'http://task');
  const found = url === null || !Object.hasOwn(ROUTES, url.pathname) ? undefined : ROUTES[url.pathname];
  if (url === null || found === undefined) throw new Refusal('not_found', 'See docs/protocol.md');
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (method !== found.method) {
    throw new Refusal('method_not_allowed', `Use ${found.method}`, undefined, { allow: found.method });
  }
  return found.answer(request, url, deps);
}

function refuse(error: unknown, { log }: RouteDeps): Answer {
  const request_id = randomUUID();
  if (!(error instanceof Refusal)) log.error({ request_id, err: error }, 'request failed');
  const refusal =
    error instanceof Refusal ? error : new Refusal('internal', 'See the log for this request id');
  const body = problem(refusal.code, refusal.message, request_id, refusal.faults);
  return {
    status: PROBLEMS[refusal.code].status,
    type: PROBLEM_TYPE,
    body: JSON.stringify(body),
    headers: refusal.headers,
  };
}

async function register(request: IncomingMessage, url: URL, deps: RouteDeps): Promise<Answer> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json *(;|$)/i.test(type)) {
    throw new Refusal('unsupported_media_type', 'Send content-type: application/json');
  }
  const tooLarge = new Refusal('too_large', `At most ${MAX_BODY_BYTES} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge;
  // Before the body is taken in: else anybody could make us keep as much of it as there are connections.
  const token = await authenticate(request, deps);
  const body = await readBody(request, MAX_BODY_BYTES).catch(() => {
    throw new Refusal('malformed_json', 'The body ended early');
  });
  if (body === undefined) throw tooLarge;
  checkBinding(token, request, url, body);
  const parsed = registerRequest.safeParse(parseJson(body));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => ({
      path: issue.path.map(String).join('.'),
      message: issue.message,
    }));
    throw new Refusal('invalid_request', 'The register request has faults', faults);
  }
  const result = deps.registry.register(parsed.data);
  if (result.kind === 'refused') {
    throw new Refusal(result.code, `Room ${parsed.data.room_id} at epoch ${parsed.data.epoch} is not taken`);
  }
  return json(result.response);
}

async function rooms(request: IncomingMessage, url: URL, deps: RouteDeps): Promise<Answer> {
  checkBinding(await authenticate(request, deps), request, url, '');
  const room_id = url.searchParams.get('room_id') ?? undefined;
  if (room_id !== undefined && !ROOM_ID.test(room_id)) {
    throw new Refusal('invalid_request', 'The query has faults', [
      { path: 'room_id', message: 'must be a string of 4 to 12 digits, such as "00157"' },
    ]);
  }
  // Once the rooms are forgotten, an empty answer would say that nobody is here, and the router would believe it.
  if (deps.registry.mode === 'stopped') throw new Refusal('task_draining', 'This task has stopped');
  const snapshot: TaskRooms = {
    task_id: deps.task_id,
    taken_at: Date.now(),
    started_at: deps.started_at,
    rooms: deps.registry.snapshot(room_id),
  };
  return json(snapshot);
}

async function drain(request: IncomingMessage, url: URL, deps: RouteDeps): Promise<Answer> {
  checkBinding(await authenticate(request, deps), request, url, '');
  if (deps.drain === undefined) throw new Refusal('not_found', 'This relay ends with its process');
  return json(deps.drain(), 202);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal('malformed_json', 'The body must be one JSON object');
  }
}

/** The token of the router for this very task, made within the last minute. Throws if it is not there. */
async function authenticate(
  request: IncomingMessage,
  { secrets, task_id, proven }: RouteDeps,
): Promise<TokenClaims> {
  const verify = async (fresh: boolean) =>
    verifyClaims(
      request.headers.authorization,
      { issuer: ROUTER, audience: task_id },
      await secrets.get({ fresh }),
      Date.now(),
    );
  let verdict = await verify(false);
  // It may be signed with a version of the secret that is newer than ours.
  if (verdict.kind === 'refused' && verdict.reason === 'signature') verdict = await verify(true);
  if (verdict.kind === 'valid') {
    proven();
    return verdict;
  }
  if (verdict.reason === 'audience') throw new Refusal('wrong_task', `This is task ${task_id}`);
  throw new Refusal('unauthorized', `Token: ${verdict.reason}`);
}

/** Throws unless the router made `token` for this very request. */
function checkBinding(token: TokenClaims, request: IncomingMessage, url: URL, body: string): void {
  if (isBoundTo(token, { method: request.method ?? '', path: url.pathname, body })) return;
  throw new Refusal('unauthorized', 'Token: binding');
}
