/** The router's calls to stream tasks over http(s). */
import { TASK_CALL_TIMEOUT_MS } from '../domain/liveness.ts';
import { authorize, ROUTER } from '../domain/token.ts';
import type { Clock } from '../ports/clock.ts';
import type { SecretSource } from '../ports/secrets.ts';
import type { TaskAddress, TaskCallFailure, TaskClient } from '../ports/task-client.ts';
import { drainResponse, taskRooms } from '../protocol/api.ts';
import type { ProblemCode } from '../protocol/problem.ts';

type Answer = { kind: 'answer'; body: unknown } | TaskCallFailure;

/** Nobody listens there. */
const REFUSED = new Set(['ECONNREFUSED']);
/** The connection was there and broke: the process died, or it closed an idle connection just as we used it. */
const RESET = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** The codes with which a task says no, and means it. */
const REFUSALS: ReadonlySet<string> = new Set<ProblemCode>([
  'stale_epoch',
  'task_draining',
  'no_task_available',
  'unauthorized',
  'invalid_request',
]);

function errorCode(error: unknown): string | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code === 'string') return code;
    // Node tries several addresses of one name (RFC 8305) and reports them together.
    if (cause instanceof AggregateError) return errorCode(cause.errors[0]);
  }
  return undefined;
}

/** The http(s) URL of `path` at the host of a task's WebSocket address. */
export function taskUrl(task: TaskAddress, path: string): URL {
  const url = new URL(path, task.url);
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
  return url;
}

async function readAnswer(response: Response): Promise<Answer> {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return { kind: 'answer', body };
  const code = (body as { code?: unknown } | undefined)?.code;
  if (code === 'wrong_task') return { kind: 'unreachable' };
  // A refusal is in the protocol's own words; anything else that is not 2xx (a proxy, a crash) says nothing of the room.
  return typeof code === 'string' && REFUSALS.has(code)
    ? { kind: 'refused', code }
    : { kind: 'failed', status: response.status };
}

/**
 * A {@link TaskClient} on the global `fetch`. One call takes {@link TASK_CALL_TIMEOUT_MS} at most, retries included; the
 * secret is first fetched before that time begins, and a failure to get it is thrown: it says nothing of the task.
 */
export function httpTaskClient(
  secrets: SecretSource,
  clock: Clock,
  timeout_ms = TASK_CALL_TIMEOUT_MS,
): TaskClient {
  async function attempt(url: URL, method: string, body: string, authorization: string, signal: AbortSignal) {
    const response = await fetch(url, {
      method,
      headers: { authorization, ...(body === '' ? {} : { 'content-type': 'application/json' }) },
      ...(body === '' ? {} : { body }),
      redirect: 'error',
      signal,
    });
    return readAnswer(response);
  }

  async function call(task: TaskAddress, method: string, path: string, body: string): Promise<Answer> {
    const url = taskUrl(task, path);
    const parties = { issuer: ROUTER, audience: task.task_id, subject: task.task_id };
    const signed = async (fresh: boolean) =>
      authorize(parties, { method, path: url.pathname, body }, await secrets.get({ fresh }), clock.now());
    const authorization = await signed(false);
    const signal = AbortSignal.timeout(timeout_ms);
    const answer = await send(url, method, body, authorization, signal);
    // The secret may have been rotated, and our copy be older than both that the task accepts.
    return answer.kind === 'refused' && answer.code === 'unauthorized'
      ? send(url, method, body, await signed(true), signal)
      : answer;
  }

  async function send(
    url: URL,
    method: string,
    body: string,
    authorization: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    // A reset may be no more than a kept-alive connection that the task closed as idle. All calls are idempotent: one
    // more try on a fresh connection tells.
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(url, method, body, authorization, signal);
      } catch (error) {
        const code = errorCode(error);
        if (code !== undefined && REFUSED.has(code)) return { kind: 'unreachable' };
        if (code === undefined || !RESET.has(code)) return { kind: 'silent' };
        if (tries === 2) return { kind: 'unreachable' };
      }
    }
  }

  return {
    async register(task, request) {
      const answer = await call(task, 'POST', '/register', JSON.stringify(request));
      return answer.kind === 'answer' ? { kind: 'registered' } : answer;
    },
    async rooms(task, room_id) {
      const query = room_id === undefined ? '' : `?room_id=${encodeURIComponent(room_id)}`;
      const answer = await call(task, 'GET', `/rooms${query}`, '');
      if (answer.kind !== 'answer') return answer;
      const parsed = taskRooms.safeParse(answer.body);
      return parsed.success ? { kind: 'rooms', snapshot: parsed.data } : { kind: 'failed', status: 200 };
    },
    async drain(task) {
      const answer = await call(task, 'POST', '/drain', '');
      if (answer.kind !== 'answer') return answer;
      const parsed = drainResponse.safeParse(answer.body);
      return parsed.success ? { kind: 'draining', ...parsed.data } : { kind: 'failed', status: 202 };
    },
  };
}
