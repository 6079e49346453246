/** The task's calls to the router, each with a token that is bound to it. Never throws. */
import type { z } from 'zod';
import { authorize, ROUTER } from '../shared/domain/token.ts';
import type { SecretSource } from '../shared/ports/secrets.ts';
import {
  migrateRoomResponse,
  putTaskResponse,
  removeClientResponse,
  type MigrateRoomRequest,
  type MigrateRoomResponse,
  type PutTaskRequest,
  type PutTaskResponse,
  type RemoveClientRequest,
  type RemoveClientResponse,
} from '../shared/protocol/api.ts';

export type RouterAnswer<T> =
  | { kind: 'answered'; body: T }
  /** The router answered with an error, or with something that is not its API. */
  | { kind: 'refused'; status: number; detail: string }
  /** No answer: refused, reset, timed out, or the secret could not be read. */
  | { kind: 'unreachable'; detail: string };

type Refused = Extract<RouterAnswer<unknown>, { kind: 'refused' }>;

/** A fault of ours, such as 401 or `task_id_taken`: the same call would be refused again. */
export function isLasting(answer: RouterAnswer<unknown>): answer is Refused {
  return answer.kind === 'refused' && answer.status >= 400 && answer.status < 500 && answer.status !== 429;
}

export interface RouterClient {
  /** `remote`: the task's public IP address. `signal` ends the call early. */
  putTask(
    request: PutTaskRequest,
    remote: string,
    signal?: AbortSignal,
  ): Promise<RouterAnswer<PutTaskResponse>>;
  removeClient(
    request: RemoveClientRequest,
    signal?: AbortSignal,
  ): Promise<RouterAnswer<RemoveClientResponse>>;
  migrateRoom(request: MigrateRoomRequest, signal?: AbortSignal): Promise<RouterAnswer<MigrateRoomResponse>>;
}

export interface RouterClientOptions {
  /** Base URL of the router API. */
  router_url: string;
  task_id: string;
  secrets: SecretSource;
  /** Limit of one call, ms. */
  timeout: number;
  /** That of migrate-room, ms. */
  migrate_timeout: number;
}

export function createRouterClient(options: RouterClientOptions): RouterClient {
  return {
    putTask: (request, remote, signal) =>
      call(options, '/put-task', request, putTaskResponse, { remote }, signal),
    removeClient: (request, signal) =>
      call(options, '/remove-client', request, removeClientResponse, {}, signal),
    migrateRoom: (request, signal) =>
      call(
        { ...options, timeout: options.migrate_timeout },
        '/migrate-room',
        request,
        migrateRoomResponse,
        {},
        signal,
      ),
  };
}

async function call<T>(
  options: RouterClientOptions,
  route: string,
  request: unknown,
  schema: z.ZodType<T>,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<RouterAnswer<T>> {
  const limit = AbortSignal.timeout(options.timeout);
  const bounded = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  try {
    let answer = await attempt(options, route, request, schema, headers, bounded, false);
    // The secret may have been rotated, and our copy be older than both that the router accepts.
    if (answer.kind === 'refused' && answer.status === 401) {
      answer = await attempt(options, route, request, schema, headers, bounded, true);
    }
    return answer;
  } catch (error) {
    return { kind: 'unreachable', detail: describe(error) };
  }
}

async function attempt<T>(
  { router_url, task_id, secrets }: RouterClientOptions,
  route: string,
  request: unknown,
  schema: z.ZodType<T>,
  headers: Record<string, string>,
  signal: AbortSignal,
  fresh: boolean,
): Promise<RouterAnswer<T>> {
  const url = new URL(router_url.replace(/\/+$/, '') + route);
  const body = JSON.stringify(request);
  const authorization = await authorize(
    { issuer: task_id, audience: ROUTER, subject: task_id },
    { method: 'POST', path: url.pathname, body },
    await secrets.get({ fresh }),
    Date.now(),
  );
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, ...headers },
    body,
    signal,
    redirect: 'error',
  });
  const text = await response.text();
  if (!response.ok) return { kind: 'refused', status: response.status, detail: problemDetail(text) };
  const parsed = schema.safeParse(parseJson(text));
  return parsed.success
    ? { kind: 'answered', body: parsed.data }
    : { kind: 'refused', status: response.status, detail: 'The answer is not that of the router API' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a problem says, in one line for the log. */
function problemDetail(text: string): string {
  const body = parseJson(text);
  if (typeof body !== 'object' || body === null) return 'no problem details';
  const { code, detail, faults } = body as { code?: unknown; detail?: unknown; faults?: unknown };
  return [code, detail, faults === undefined ? undefined : JSON.stringify(faults)]
    .filter((part): part is string => typeof part === 'string')
    .join(': ')
    .slice(0, 1_000);
}

/** `fetch` hides what happened in `cause`. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
