/** What any answer to an HTTP request must be like. */
import { ROUTES } from '../../shared/openapi/routes.ts';
import { PROBLEM_TYPE, PROBLEMS, type Problem } from '../../shared/protocol/problem.ts';
import type { RawResponse } from '../support/raw-socket.ts';
import type { Request } from './http-requests.ts';

/** What the HTTP server itself answers before a request reaches a route; without a body. */
const OF_THE_SERVER = new Set([400, 408, 413, 417, 431]);
/** What the relay answers to a WebSocket handshake that is none (R6 to R8). */
const OF_A_HANDSHAKE = new Set([400, 403, 405, 426]);
const TEXT = 'text/plain; charset=utf-8';
/** Traces of a cause: stacks, paths of files, names of errors and of what is inside. */
const CAUSE =
  /\n {4}at |node:|node_modules|\.ts:\d|(?:Type|Range|Zod)Error|\b(?:JOSE|JWT|JWS|AWS|DynamoDB|ECONN)/;

/** Random, so that it may look like anything. */
const REQUEST_ID = /"request_id":"[^"]*"/;

/** Statuses that the documents name for a path, by what is documented there. */
function documented(server: 'router' | 'task', path: string): Set<number> {
  // A task takes the path as URLs are read, so that dots in it are gone; API Gateway takes it as it is.
  const at = server === 'task' ? (URL.parse(path, 'http://task')?.pathname ?? path) : path;
  const routes = ROUTES.filter((route) => route.server === server && route.path === at);
  return new Set([
    404,
    405,
    ...routes.flatMap(({ answers, problems }) => [
      ...answers.map(({ status }) => status),
      ...problems.filter((code) => code !== 'internal').map((code) => PROBLEMS[code].status),
    ]),
  ]);
}

/** Throws unless `response` is one that the documents name for `request`. */
export function checkResponse(
  server: 'router' | 'task',
  request: Request,
  response: RawResponse | undefined,
): void {
  if (response === undefined) return;
  const { status, headers, body } = response;
  const wrong = (what: string): never => {
    throw new Error(`${what}: ${status} ${JSON.stringify(body.slice(0, 600))}`);
  };
  if (status >= 500 && status !== 503) wrong('a fault of ours');
  if (status >= 400 && CAUSE.test(body.replace(REQUEST_ID, ''))) wrong('the answer tells of a cause');
  if (body === '' && (OF_THE_SERVER.has(status) || request.method === 'HEAD' || status === 204)) return;
  const upgrades = request.fields.some(([name]) => name === 'Upgrade');
  if (server === 'task' && upgrades && OF_A_HANDSHAKE.has(status) && headers.get('content-type') === TEXT)
    return;
  if (!documented(server, request.path).has(status)) wrong('an answer that is not documented');
  if (status < 400) return;
  const type = headers.get('content-type');
  // API Gateway's own answers (docs/api.md), and the answer to CONNECT, are no problem details.
  if (server === 'router' && type === 'application/json' && body.startsWith('{"message":')) return;
  if (request.method === 'CONNECT') return;
  if (server === 'task' && request.path === '/ready') return;
  if (type !== PROBLEM_TYPE) wrong(`problem details of the type ${type}`);
  const problem = JSON.parse(Buffer.from(body, 'latin1').toString()) as Problem;
  const known = PROBLEMS[problem.code];
  if (problem.status !== status || known.status !== status || problem.title !== known.title)
    wrong('another problem');
  if (problem.type !== `urn:anteroom:problem:${problem.code}`) wrong('another type');
  if (problem.request_id === '' || problem.detail === '') wrong('no request id, or no detail');
}
