/** The kinds of routes: parse → use case → map. */
import type { z } from 'zod';
import type { RequestKey } from '../../shared/domain/idempotency.ts';
import type { Grant } from '../../shared/protocol/api.ts';
import type { Deps } from '../../shared/use-cases/deps.ts';
import type { Outcome } from '../../shared/use-cases/outcome.ts';
import { checked, CLIENT_BODY_BYTES, parseBody, readText, TASK_BODY_BYTES } from './body.ts';
import { deps } from './deps.ts';
import { httpHandler, type HttpHandler, type Status } from './http.ts';
import { readKey } from './idempotency-key.ts';
import { verifyTask } from './task-token.ts';

/** Where a request of a client comes from, and its idempotency key if it has one. */
export interface ClientCaller {
  address: string;
  key: RequestKey | undefined;
}

/** A route of clients: a JSON body (it may be left out where every field is optional). */
export function clientRoute<S extends z.ZodType, T>(
  schema: S,
  status: Status<T>,
  run: (deps: Deps, body: z.infer<S>, caller: ClientCaller) => Promise<Outcome<T>>,
): HttpHandler {
  return httpHandler(status, async (event) => {
    const text = readText(event, CLIENT_BODY_BYTES);
    if (!text.ok) return text;
    const body = parseBody(schema, text.value);
    if (!body.ok) return body;
    const key = readKey(event, body.value);
    if (!key.ok) return key;
    return run(deps(), body.value, { address: event.requestContext.http.sourceIp, key: key.value });
  });
}

/**
 * A route of tasks: the token is checked before anything of the body is believed. `caller` is the task id of the token,
 * `remote` the `Remote` header.
 */
export function taskRoute<S extends z.ZodType, T>(
  schema: S,
  run: (
    deps: Deps,
    body: z.infer<S>,
    caller: { task_id: string; remote: string | undefined },
  ) => Promise<Outcome<T>>,
): HttpHandler {
  return httpHandler(200, async (event) => {
    const text = readText(event, TASK_BODY_BYTES);
    if (!text.ok) return text;
    const { method, path } = event.requestContext.http;
    const caller = await verifyTask(deps(), event.headers['authorization'], {
      method,
      path,
      body: text.value,
    });
    if (!caller.ok) return caller;
    const body = parseBody(schema, text.value);
    if (!body.ok) return body;
    return run(deps(), body.value, { task_id: caller.value, remote: event.headers['remote']?.trim() });
  });
}

/** The status of a grant: 202 while its room waits for a place. */
export const grantStatus =
  (open: 200 | 201): Status<Grant> =>
  ({ state }) =>
    state === 'pending' ? 202 : open;

/** A route without a body whose query is checked. */
export function queryRoute<S extends z.ZodType, T>(
  schema: S,
  run: (deps: Deps, query: z.infer<S>) => Promise<Outcome<T>>,
): HttpHandler {
  return httpHandler(200, async (event) => {
    const query = checked(schema, event.queryStringParameters ?? {});
    return query.ok ? run(deps(), query.value) : query;
  });
}
