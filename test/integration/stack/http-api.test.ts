import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SECRET_NAME } from '../../../dev/settings.ts';
import { secretsManagerSource } from '../../../shared/adapters/secrets-manager.ts';
import { authorize } from '../../../shared/domain/token.ts';
import { openApiDocument } from '../../../shared/openapi/document.ts';
import type { Problem } from '../../../shared/protocol/problem.ts';
import { type Stack, startStack } from '../../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ env: { STREAM_TASKS: '1' } });
});
afterAll(() => stack.stop());

async function call(path: string, init: RequestInit = {}) {
  const response = await fetch(new URL(path, stack.url), { method: 'POST', ...init });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as Partial<Problem> & Record<string, unknown>,
  };
}
const json = (body: string) => ({ body, headers: { 'content-type': 'application/json' } });

describe('the HTTP API of the whole stack', () => {
  it.each([
    ['malformed JSON', '/join-room', json('{"room_id": 00157}'), 400, 'malformed_json'],
    ['a room id that is a number', '/join-room', json('{"room_id": 157}'), 422, 'invalid_request'],
    ['no room id', '/join-room', json('{}'), 422, 'invalid_request'],
    ['an unknown field', '/create-room', json('{"maxClients": 3}'), 422, 'invalid_request'],
    ['too many seats', '/create-room', json('{"max_clients": 11}'), 422, 'invalid_request'],
    ['two megabytes', '/create-room', json(`"${'x'.repeat(2_000_000)}"`), 413, 'too_large'],
    [
      'another type',
      '/create-room',
      { body: 'a=1', headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported_media_type',
    ],
    ['an unknown room', '/join-room', json('{"room_id": "99999"}'), 404, 'room_not_found'],
    ['put-task without a token', '/put-task', json('{}'), 401, 'unauthorized'],
    ['remove-client without a token', '/remove-client', json('{}'), 401, 'unauthorized'],
    [
      'put-task with a token of somebody else',
      '/put-task',
      { ...json('{}'), headers: { 'content-type': 'application/json', authorization: 'Bearer a.b.c' } },
      401,
      'unauthorized',
    ],
  ] as const)('answers %s with a problem', async (_name, path, init, status, code) => {
    const answer = await call(path, init);
    expect(answer).toMatchObject({
      status,
      type: 'application/problem+json',
      body: { status, code, type: `urn:anteroom:problem:${code}`, request_id: expect.stringMatching(/.+/) },
    });
    expect(answer.body.detail).toMatch(/\.$/);
  });

  it('takes a token for its own task and its own request alone', async () => {
    const client = new SecretsManagerClient({
      region: stack.aws['AWS_REGION']!,
      endpoint: stack.aws['AWS_ENDPOINT_URL_SECRETS_MANAGER']!,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const secret = await secretsManagerSource(SECRET_NAME, { client }).get();
    client.destroy();
    const body = JSON.stringify({
      task_id: 'task-2',
      kind: 'relay',
      region: 'local',
      state: 'READY',
      port: 1,
      url: 'ws://127.0.0.1:1',
      room_capacity: 1,
      clients: 0,
      started_at: 1,
      heartbeat_seq: 1,
      rooms: [],
      connects: [],
    });
    const parties = { issuer: 'task-1', audience: 'router', subject: 'task-1' };
    const authorization = await authorize(
      parties,
      { method: 'POST', path: '/put-task', body },
      secret,
      Date.now(),
    );
    const headers = { 'content-type': 'application/json', authorization, remote: '127.0.0.1' };
    expect(await call('/put-task', { body, headers })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect(await call('/put-task', { body: `${body} `, headers })).toMatchObject({ status: 401 });
    expect(await call('/remove-client', { body, headers })).toMatchObject({ status: 401 });
  });

  it('names each fault of a request', async () => {
    const { body } = await call('/join-room', json('{"room_id": 157}'));
    expect(body.faults).toEqual([
      { path: 'room_id', message: 'must be a string of digits, such as "00157"' },
    ]);
  });

  it('creates a room without a body, and joins it', async () => {
    const created = await call('/create-room');
    expect(created).toMatchObject({
      status: 201,
      type: 'application/json',
      body: { state: 'open', max_clients: 10 },
    });
    const joined = await call('/join-room', json(JSON.stringify({ room_id: created.body['room_id'] })));
    expect(joined).toMatchObject({
      status: 200,
      body: { url: created.body['url'], epoch: created.body['epoch'] },
    });
    expect(joined.headers.get('cache-control')).toBe('no-store');
  });

  it('tells a full room with Retry-After, which pages of other origins can read', async () => {
    const origin = 'https://app.example';
    const created = await call('/create-room', json('{"max_clients": 1}'));
    const full = await call('/join-room', {
      body: JSON.stringify({ room_id: created.body['room_id'] }),
      headers: { 'content-type': 'application/json', origin },
    });
    expect(full).toMatchObject({ status: 429, body: { code: 'room_full', retryable: true } });
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(full.headers.get('access-control-allow-origin')).toMatch(/^(\*|https:\/\/app\.example)$/);
    expect(full.headers.get('access-control-expose-headers')?.toLowerCase()).toContain('retry-after');
  });

  it('answers a preflight', async () => {
    const preflight = await call('/create-room', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
    expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('content-type');
  });

  it('lists the tasks, and one with room to spare', async () => {
    const list = await call('/available-tasks', { method: 'GET' });
    expect(list).toMatchObject({ status: 200, body: { tasks: [{ state: 'READY', kind: 'relay' }] } });
    const one = await call('/available-task', { method: 'GET' });
    expect(one.body['task_id']).toBe((list.body as { tasks: { task_id: string }[] }).tasks[0]!.task_id);
    expect(await call('/available-task?kind=render', { method: 'GET' })).toMatchObject({ status: 422 });
  });

  it('is healthy, and describes itself', async () => {
    expect((await call('/health', { method: 'GET' })).body).toEqual({ status: 'healthy' });
    expect((await call('/openapi.json', { method: 'GET' })).body).toEqual(
      JSON.parse(JSON.stringify(openApiDocument())),
    );
  });
});
