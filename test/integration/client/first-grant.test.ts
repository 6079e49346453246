import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { IDEMPOTENCY_KEY } from '../../../shared/protocol/idempotency-key.ts';
import { problemAnswer } from '../../support/router-double.ts';
import type { Answer, RouterDouble } from '../../support/router-double.ts';
import { create, join, startRelay, startRouter } from './setup.ts';

const NOWHERE = 'ws://127.0.0.1:9';

/** `create` and `join` of a room, with the requests counted that they make. */
async function counted() {
  const relay = await startRelay();
  const router = await startRouter(relay.url);
  const calls = { count: 0 };
  const options = {
    router: router.url,
    fetch: (url: Parameters<typeof fetch>[0], init?: RequestInit) => {
      calls.count++;
      return fetch(url, init);
    },
  };
  return { router, calls, options, joining: { ...options, room_id: '00157' } };
}
const gateway = { status: 503, body: '{"message":"Service Unavailable"}' };
const underWay = problemAnswer('request_in_flight', { 'retry-after': '1' });

async function nextKey(router: RouterDouble): Promise<string> {
  return String((await router.requests.next()).headers['idempotency-key']);
}

describe('the first grant', () => {
  it.each<[string, Answer]>([
    ['no answer', { reset: true }],
    ['an answer that was lost', { lost: true }],
    ['an answer of a gateway', gateway],
    ['an answer of a proxy', { status: 502, body: '<html>' }],
    ['a fault of the router', problemAnswer('internal')],
    ['a database that is busy', problemAnswer('store_busy')],
    ['no task', problemAnswer('no_task_available')],
    ['a limit that says when to come again', problemAnswer('rate_limited', { 'retry-after': '0' })],
  ])('is asked for again after %s, with the same key and body', async (_what, answer) => {
    const { router, calls, options, joining } = await counted();
    router.answer(answer);
    const room = await create({ ...options, max_clients: 3 });
    router.answer(answer);
    const other = await join(joining);
    expect([room.state.status, other.state.status, calls.count]).toEqual(['live', 'live', 4]);
    const [first, second, third, fourth] = await Promise.all([1, 2, 3, 4].map(() => router.requests.next()));
    expect(first!.headers['idempotency-key']).toMatch(IDEMPOTENCY_KEY);
    expect(second!.headers['idempotency-key']).toBe(first!.headers['idempotency-key']);
    expect(second!.body).toEqual(first!.body);
    expect(third!.headers['idempotency-key']).not.toBe(first!.headers['idempotency-key']);
    expect(fourth).toMatchObject({
      headers: { 'idempotency-key': third!.headers['idempotency-key'] },
      body: third!.body,
    });
    expect(router.seats, 'one for each call').toBe(2);
  });

  it('is asked for four times at most', async () => {
    const { router, calls, options } = await counted();
    for (let n = 0; n < 5; n++) router.answer(problemAnswer('no_task_available'));
    await expect(create(options)).rejects.toMatchObject({ code: 'no_task_available', status: 503 });
    expect(calls.count).toBe(4);
  });

  it('is asked for again after a time-out', async () => {
    const { router, calls, options } = await counted();
    router.answer({ hang: true });
    expect((await create({ ...options, timings: { request_timeout_ms: 500 } })).state.status).toBe('live');
    expect(calls.count).toBe(2);
  });

  it('is asked for each second, without counting, while the first request is under way', async () => {
    const { router, calls, options } = await counted();
    for (let n = 0; n < 3; n++) router.answer(problemAnswer('store_busy'));
    router.answer(underWay, underWay);
    const before = performance.now();
    expect((await create(options)).state.status).toBe('live');
    expect(performance.now() - before).toBeGreaterThan(1_900);
    expect([calls.count, router.seats]).toEqual([6, 1]);
  });

  it('is asked for at the same pace however long it is under way', async () => {
    const { router, options } = await counted();
    const asked: number[] = [];
    const reconnect = (attempt: number) => {
      asked.push(attempt);
      return 0;
    };
    router.answer({ reset: true }, { reset: true }, underWay, underWay);
    expect((await create({ ...options, reconnect })).state.status).toBe('live');
    expect(asked, 'delays do not grow, or the last one would be too late').toEqual([1, 2, 1, 1]);
  });

  it('is under way for a limited time', async () => {
    const { router, options } = await counted();
    router.answer(underWay, underWay);
    const creating = create({ ...options, timings: { first_grant_ms: 1_500 } });
    await expect(creating).rejects.toMatchObject({ code: 'request_in_flight', status: 409 });
  });

  it.each([
    ['create', 'room_not_found'],
    ['create', 'client_not_found'],
    ['join', 'client_not_found'],
  ] as const)(
    'of a %s that is answered %s a second time is asked for once more, anew',
    async (call, code) => {
      const { router, options, joining } = await counted();
      router.answer({ lost: true }, problemAnswer(code));
      const room = await (call === 'create' ? create(options) : join(joining));
      expect(room.state.status).toBe('live');
      const [first, replay, anew] = [await nextKey(router), await nextKey(router), await nextKey(router)];
      expect(replay).toBe(first);
      expect(anew).not.toBe(first);
      router.answer(problemAnswer(code), problemAnswer(code));
      await expect(call === 'create' ? create(options) : join(joining)).rejects.toMatchObject({ code });
    },
  );

  it('waits for Retry-After and as the policy says, but not for long', async () => {
    const { router, calls, options } = await counted();
    const asked: number[] = [];
    const reconnect = (attempt: number) => {
      asked.push(attempt);
      return attempt > 1 ? null : 0;
    };
    router.answer(problemAnswer('store_busy', { 'retry-after': '1' }), problemAnswer('store_busy'));
    const before = performance.now();
    await expect(create({ ...options, reconnect })).rejects.toMatchObject({ code: 'store_busy' });
    expect(performance.now() - before).toBeGreaterThan(950);
    expect([asked, calls.count]).toEqual([[1, 2], 2]);
    router.answer(problemAnswer('rate_limited', { 'retry-after': '26' }));
    await expect(create(options)).rejects.toMatchObject({ code: 'rate_limited', retry_after_ms: 26_000 });
    expect(calls.count).toBe(3);
  });

  it.each([
    'rooms_exhausted',
    'room_full',
    'room_not_found',
    'rate_limited',
    'invalid_request',
    'idempotency_key_reused',
  ] as const)('is asked for once after %s', async (code) => {
    const { router, calls, joining } = await counted();
    router.answer(problemAnswer(code));
    await expect(join(joining)).rejects.toMatchObject({ code });
    expect(calls.count).toBe(1);
  });

  it.each([
    ['meanwhile', (abort: () => void) => queueMicrotask(abort)],
    ['just before', (abort: () => void) => abort()],
  ])('is no longer waited for when the signal says so %s', async (_when, soon) => {
    const { router, calls, options } = await counted();
    const controller = new AbortController();
    router.answer(problemAnswer('store_busy'));
    const reconnect = () => {
      soon(() => controller.abort());
      return 9_000;
    };
    const before = performance.now();
    await expect(create({ ...options, reconnect, signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(performance.now() - before).toBeLessThan(8_000);
    expect(calls.count).toBe(1);
  });

  it('is not looked for where a redirect points, for the ticket is in the request', async () => {
    const { router, options, joining } = await counted();
    const other = await startRouter(NOWHERE);
    const room = await create(options);
    const { room_id, ...resume } = room.seat;
    const location = `${other.url}/join-room`;
    for (let n = 0; n < 4; n++) router.answer({ status: 307, headers: { location }, body: '' });
    await expect(join({ ...joining, room_id, resume })).rejects.toMatchObject({ code: 'network' });
    await create({ router: other.url, reconnect: () => null }).catch(() => undefined);
    expect((await other.requests.next()).path, 'the first that it hears').toBe('/create-room');
  });
});

describe('an idempotency key', () => {
  it('is 128 bits of the platform in hexadecimal', async () => {
    const { router, options } = await counted();
    await create({ ...options, platform: { fillRandom: (bytes) => bytes.set([...bytes.keys()]) } });
    expect(await nextKey(router)).toBe('000102030405060708090a0b0c0d0e0f');
  });

  it('does not come with a resume, which gives no seat', async () => {
    const { router, options, joining } = await counted();
    const { room_id, ...resume } = (await create(options)).seat;
    await nextKey(router);
    router.answer(problemAnswer('client_not_found'));
    await expect(join({ ...joining, room_id, resume })).rejects.toMatchObject({ code: 'client_not_found' });
    expect((await router.requests.next()).headers).not.toHaveProperty('idempotency-key');
  });

  it('is in no error', async () => {
    const { router, options } = await counted();
    const fillRandom = vi.fn<(bytes: Uint8Array) => void>((bytes) => void bytes.fill(0xab));
    const call = { ...options, platform: { fillRandom }, reconnect: () => null };
    const answers = [{ reset: true } as const, gateway, problemAnswer('idempotency_key_reused'), underWay];
    for (const answer of answers) {
      router.answer(answer);
      const error: unknown = await create(call).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('abab');
    }
    expect(fillRandom).toHaveBeenCalledTimes(answers.length);
  });
});
