import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize, ROUTER } from '../../../shared/domain/token.ts';
import { PROBLEMS } from '../../../shared/protocol/problem.ts';
import type { RouterSecret } from '../../../shared/ports/secrets.ts';
import { startRelay } from '../../../stream-task/server.ts';
import {
  callTask,
  newClient,
  newRoomId,
  quiet,
  RELAY_CONFIG,
  SECRET,
  seatOf,
  startTestRelay,
  type TestRelay,
} from '../../support/relay.ts';

const NOTHING = { connected() {}, removed() {} };

describe('HTTP of a stream task', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${relay.port}${path}`, { method });
  const body = () => ({
    room_id: newRoomId(),
    created_at: 1,
    epoch: 1,
    max_clients: 2,
    clients: [seatOf(newClient())],
  });

  it('answers /health and /ready with text', async () => {
    for (const [path, says] of [
      ['/health', 'Healthy.'],
      ['/ready', 'Ready.'],
    ] as const) {
      const response = await get(path);
      expect([response.status, await response.text()]).toEqual([200, says]);
    }
    const head = await get('/health', 'HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('is not ready while draining, but healthy', async () => {
    await using draining = await startTestRelay();
    draining.relay.registry.drain();
    expect((await callTask(draining, 'GET', '/ready')).status).toBe(503);
    expect((await callTask(draining, 'GET', '/health')).status).toBe(200);
  });

  it('shows metrics of Prometheus', async () => {
    const { peers } = await relay.room(2, 'anteroom.raw.v1');
    peers[0]!.send('x');
    await peers[1]!.next();
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const metrics = await response.text();
    expect(metrics).toMatch(/^anteroom_messages_sent_total [1-9]/m);
    expect(metrics).toMatch(/^anteroom_clients 2$/m);
  });

  it('answers 404, 405, 413, 415, 422 and malformed JSON with problem details', async () => {
    const problem = async (response: Response) => {
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      const { code, status, request_id } = (await response.json()) as Record<string, unknown>;
      expect(status).toBe(response.status);
      expect(request_id).toMatch(/^[0-9a-f-]{36}$/);
      return `${response.status} ${String(code)}`;
    };
    expect(await problem(await get('/nothing'))).toBe('404 not_found');
    expect(await problem(await get('/constructor'))).toBe('404 not_found');
    const wrong = await get('/register');
    expect(wrong.headers.get('allow')).toBe('POST');
    expect(await problem(wrong)).toBe('405 method_not_allowed');

    const refused = async (content: unknown, headers = {}) => {
      const { status, body } = await callTask(relay, 'POST', '/register', content, headers);
      return `${status} ${String(body['code'])}`;
    };
    expect(await refused(body(), { 'content-type': 'text/plain' })).toBe('415 unsupported_media_type');
    expect(await refused('{')).toBe('400 malformed_json');
    expect(await refused('x'.repeat(2_000_000))).toBe('413 too_large');
    const faulty = await callTask(relay, 'POST', '/register', { ...body(), room_id: 157, extra: true });
    expect(faulty.status).toBe(422);
    expect((faulty.body['faults'] as { path: string }[]).map(({ path }) => path)).toContain('room_id');
    expect((await callTask(relay, 'GET', '/rooms?room_id=x')).status).toBe(422);
  });

  it('stays usable on a connection whose body was too large', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const call = (method: string, path: string, body: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = body === '' ? {} : { 'content-type': 'application/json' };
        request({ port: relay.port, method, path, agent, headers }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        })
          .on('error', reject)
          .end(body);
      });
    const before = relay.relay.sockets();
    expect(await call('POST', '/register', 'x'.repeat(3_000_000))).toBe(413);
    expect(await call('GET', '/health', '')).toBe(200);
    expect(relay.relay.sockets()).toBeLessThanOrEqual(before + 1);
    agent.destroy();
  });

  it('takes only the router’s token for this very task and request', async () => {
    const content = JSON.stringify(body());
    const parties = { issuer: ROUTER, audience: relay.task_id, subject: relay.task_id };
    const bound = { method: 'POST', path: '/register', body: content };
    const call = async (authorization: string) => {
      const answer = await callTask(relay, 'POST', '/register', content, { authorization });
      return answer.status === 200 ? '200' : `${answer.status} ${String(answer.body['code'])}`;
    };
    const now = Date.now();
    expect(await call(await authorize(parties, bound, SECRET, now))).toBe('200');
    expect(await call('')).toBe('401 unauthorized');
    expect(await call(await authorize(parties, bound, { current: 'guessed' }, now))).toBe('401 unauthorized');
    expect(await call(await authorize(parties, bound, SECRET, now - 120_000))).toBe('401 unauthorized');
    expect(await call(await authorize(parties, { ...bound, body: '{}' }, SECRET, now))).toBe(
      '401 unauthorized',
    );
    expect(await call(await authorize({ ...parties, issuer: 'another' }, bound, SECRET, now))).toBe(
      '401 unauthorized',
    );
    expect(await call(await authorize({ ...parties, audience: 'another' }, bound, SECRET, now))).toBe(
      `${PROBLEMS.wrong_task.status} wrong_task`,
    );
    expect((await get('/rooms')).status).toBe(401);
  });

  it('asks for the secret anew once when a token is signed with none that it knows', async () => {
    let secret: RouterSecret = { current: 'older' };
    const asked: boolean[] = [];
    const own = await startRelay(RELAY_CONFIG, {
      task_id: 'own',
      started_at: 1,
      log: quiet,
      events: NOTHING,
      secrets: {
        get({ fresh = false } = {}) {
          asked.push(fresh);
          if (fresh) secret = { ...SECRET, previous: 'older' };
          return Promise.resolve(secret);
        },
      },
    });
    try {
      const task = { port: own.port, task_id: 'own' };
      expect((await callTask(task, 'GET', '/rooms')).status).toBe(200);
      expect(asked).toEqual([false, true]);
      expect((await callTask(task, 'GET', '/rooms', undefined, { authorization: 'x' })).status).toBe(401);
      expect(asked, 'no fresh look for what is no token').toEqual([false, true, false]);
    } finally {
      await own.close();
    }
  });

  it('never says "no rooms" of rooms that it has just forgotten because it stops', async () => {
    const secret = Promise.withResolvers<RouterSecret>();
    const asked = Promise.withResolvers<void>();
    const own = await startRelay(RELAY_CONFIG, {
      task_id: 'own',
      started_at: 1,
      log: quiet,
      events: NOTHING,
      secrets: {
        get: () => {
          asked.resolve();
          return secret.promise;
        },
      },
    });
    const answer = callTask({ port: own.port, task_id: 'own' }, 'GET', '/rooms');
    await asked.promise;
    const closing = own.close();
    secret.resolve(SECRET);
    expect(await answer).toMatchObject({ status: 503, body: { code: 'task_draining' } });
    await closing;
  });

  it('answers 500 without the cause when something unexpected happens', async () => {
    const own = await startRelay(RELAY_CONFIG, {
      task_id: 'own',
      started_at: 1,
      log: quiet,
      events: NOTHING,
      secrets: { get: () => Promise.reject(new Error('the inner cause')) },
    });
    try {
      const answer = await callTask({ port: own.port, task_id: 'own' }, 'GET', '/rooms');
      expect(answer.status).toBe(500);
      expect(answer.body['code']).toBe('internal');
      expect(JSON.stringify(answer.body)).not.toContain('inner cause');
    } finally {
      await own.close();
    }
  });

  it('shows its rooms to the router', async () => {
    const { room_id, clients, peers } = await relay.room(2);
    peers[1]!.ws.terminate();
    await peers[0]!.control('left');
    const { body } = await callTask(relay, 'GET', `/rooms?room_id=${room_id}`);
    expect(body).toMatchObject({
      task_id: relay.task_id,
      started_at: relay.started_at,
      rooms: [
        {
          room_id,
          epoch: 1,
          clients: [
            { client_id: clients[0]!.client_id, generation: 1, connected: true },
            { client_id: clients[1]!.client_id, generation: 1, connected: false },
          ],
        },
      ],
    });
    expect(JSON.stringify(body)).not.toContain(seatOf(clients[0]!).ticket_hash);
    expect((await callTask(relay, 'GET', '/rooms?room_id=9999')).body['rooms']).toEqual([]);
    expect(((await callTask(relay, 'GET', '/rooms')).body['rooms'] as unknown[]).length).toBeGreaterThan(0);
  });

  it('rejects when its port is taken', async () => {
    await expect(
      startRelay(
        { ...RELAY_CONFIG, PORT: relay.port },
        {
          task_id: 'own',
          started_at: 1,
          log: quiet,
          events: NOTHING,
          secrets: { get: () => Promise.resolve(SECRET) },
        },
      ),
    ).rejects.toThrow('EADDRINUSE');
  });

  it('[R33] closes every client with 4503 and takes nothing more when it closes', async () => {
    await using own = await startTestRelay();
    const v1 = await own.room(1);
    const raw = await own.room(1, 'anteroom.raw.v1');
    const closing = own.relay.close();
    for (const peer of [...v1.peers, ...raw.peers]) {
      expect(await peer.closed).toEqual({ code: 4503, reason: 'draining' });
    }
    await closing;
    expect(own.removals).toEqual([]);
    await expect(callTask(own, 'GET', '/health')).rejects.toThrow('fetch failed');
  });
});
