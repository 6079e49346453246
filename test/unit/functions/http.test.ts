import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { constantRoute, httpHandler, type HttpEvent } from '../../../functions/runtime/http.ts';
import { verifyTask } from '../../../functions/runtime/task-token.ts';
import { timeLeft } from '../../../shared/adapters/time-left.ts';
import { ConfigError } from '../../../shared/config/read.ts';
import { REQUEST_LIMIT_MS } from '../../../shared/domain/liveness.ts';
import { authorize } from '../../../shared/domain/token.ts';
import { StoreBusy } from '../../../shared/ports/room-store.ts';
import type { Problem } from '../../../shared/protocol/problem.ts';
import { refuse } from '../../../shared/use-cases/outcome.ts';
import { makeWorld } from '../../support/world.ts';

// The logger then writes to the console that is watched below.
vi.hoisted(() => {
  process.env['POWERTOOLS_DEV'] = 'true';
});

const event = { routeKey: 'POST /x', requestContext: { requestId: 'request-1' } } as unknown as HttpEvent;
const context = {
  awsRequestId: 'function-1',
  getRemainingTimeInMillis: () => REQUEST_LIMIT_MS,
} as Context;

/** What the handlers log. */
const printed: string[] = [];
beforeEach(() => {
  printed.length = 0;
  for (const stream of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, stream).mockImplementation((line: unknown) => {
      printed.push(String(line));
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function answerTo(serve: Parameters<typeof httpHandler>[1]) {
  const result = await httpHandler(200, serve)(event, context);
  return { ...result, body: JSON.parse(result.body ?? '') as Problem };
}

describe('every HTTP handler', () => {
  it('knows how long it may take, wherever its calls lead', async () => {
    let left = 0;
    await answerTo(async () => {
      await Promise.resolve();
      left = timeLeft();
      return { ok: true, value: {} };
    });
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(REQUEST_LIMIT_MS);
    expect(timeLeft()).toBe(Infinity);
  });

  it('answers what went wrong with a 500 that names the request id, and nothing of the cause', async () => {
    const result = await answerTo(() => Promise.reject(new Error('the cause, with a table name')));
    expect(result).toMatchObject({
      statusCode: 500,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
      body: { code: 'internal', request_id: 'request-1', retryable: true },
    });
    expect(JSON.stringify(result)).not.toContain('table name');
    const line = printed.find((entry) => entry.includes('the cause, with a table name'));
    expect(line).toContain('request-1');
  });

  it('answers a configuration that is not usable likewise', async () => {
    const result = await answerTo(() => Promise.reject(new ConfigError(['MAX_ROOMS must be a number'])));
    expect(result.statusCode).toBe(500);
    expect(JSON.stringify(result)).not.toContain('MAX_ROOMS');
    expect(printed.join()).toContain('MAX_ROOMS must be a number');
  });

  it('answers a busy database with 503 and Retry-After', async () => {
    const result = await answerTo(() => Promise.reject(new StoreBusy('throttled')));
    expect(result).toMatchObject({
      statusCode: 503,
      headers: { 'retry-after': '1' },
      body: { code: 'store_busy' },
    });
  });

  it('answers a refusal with its problem details', async () => {
    const faults = [{ path: 'a', message: 'must be b' }];
    const result = await answerTo(async () => refuse('invalid_request', 'It does not fit.', { faults }));
    expect(result.statusCode).toBe(422);
    expect(result.body).toEqual({
      type: 'urn:anteroom:problem:invalid_request',
      title: 'The request does not fit the schema',
      status: 422,
      detail: 'It does not fit.',
      code: 'invalid_request',
      request_id: 'request-1',
      retryable: false,
      faults,
    });
  });

  it('answers with JSON that is not cached', async () => {
    expect(await constantRoute(() => ({ a: 1 }))(event, context)).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: '{"a":1}',
    });
  });
});

describe('the token of a task', () => {
  const request = { method: 'POST', path: '/put-task', body: '{}' };
  const parties = { issuer: 'a', audience: 'router', subject: 'a' };

  it('is looked at once more with a fresh secret, since it may be signed with a newer version', async () => {
    const { deps } = await makeWorld();
    const newer = { current: 'n'.repeat(64), previous: 'a'.repeat(64) };
    const asked: unknown[] = [];
    const secrets = {
      get: async (options?: { fresh?: boolean }) => {
        asked.push(options?.fresh);
        return options?.fresh === true ? newer : { current: newer.previous };
      },
    };
    const header = await authorize(parties, request, newer, deps.clock.now());
    expect(await verifyTask({ ...deps, secrets }, header, request)).toEqual({ ok: true, value: 'a' });
    expect(asked).toEqual([undefined, true]);
  });

  it.each([
    ['missing', undefined, request, 'Send the header'],
    ['of another request', 'good', { ...request, body: '{"x":1}' }, 'another request'],
  ] as const)('is refused when it is %s', async (_name, given, bound, detail) => {
    const { deps } = await makeWorld();
    const header = given && (await authorize(parties, request, await deps.secrets.get(), deps.clock.now()));
    expect(await verifyTask(deps, header, bound)).toMatchObject({
      ok: false,
      refusal: { code: 'unauthorized', detail: expect.stringContaining(detail) },
    });
  });
});
