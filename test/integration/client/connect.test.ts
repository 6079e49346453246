import { describe, expect, it } from 'vitest';
import { AnteroomError, createUnencryptedRoom, joinUnencryptedRoom } from '@anteroom/client';
import { problem } from '../../../shared/protocol/problem.ts';
import { problemAnswer } from '../../support/router-double.ts';
import type { RouterDouble } from '../../support/router-double.ts';
import { create, join, startRelay, startRouter } from './setup.ts';

const NOWHERE = 'ws://127.0.0.1:9';

async function relayAndRouter(options?: Parameters<typeof startRelay>[0]) {
  const relay = await startRelay(options);
  return { relay, router: await startRouter(relay.url) };
}

/** Of the next `count` requests to `router`. */
async function paths(router: RouterDouble, count: number): Promise<string[]> {
  const requests = await Promise.all(Array.from({ length: count }, () => router.requests.next()));
  return requests.map(({ path }) => path);
}

describe('createUnencryptedRoom and joinRoom', () => {
  it('are exported by the package, with the errors that they reject with', async () => {
    const { router } = await relayAndRouter();
    const room = await createUnencryptedRoom({ router: `${router.url}/` });
    const other = await joinUnencryptedRoom({ router: router.url, room_id: room.room_id });
    expect(other.members).toEqual([{ client_id: room.client_id, sealed: false }]);
    await Promise.all([room.leave(), other.leave()]);
    await expect(joinUnencryptedRoom({ router: 'room.example', room_id: '00157' })).rejects.toBeInstanceOf(
      AnteroomError,
    );
  });

  it('send what was asked for as JSON, below the path of the router', async () => {
    const { router } = await relayAndRouter();
    router.answer(problemAnswer('rooms_exhausted'));
    await expect(createUnencryptedRoom({ router: `${router.url}/api`, kind: 'relay' })).rejects.toMatchObject(
      {
        code: 'rooms_exhausted',
      },
    );
    expect(await router.requests.next()).toMatchObject({
      path: '/api/create-room',
      headers: { 'content-type': 'application/json' },
      body: { kind: 'relay' },
    });
  });

  it('take up the seat of an earlier room', async () => {
    const { relay, router } = await relayAndRouter();
    const first = await create({ router: router.url });
    const { room_id, ...resume } = first.seat;
    const second = await join({ router: router.url, room_id, resume });
    expect(second.seat).toEqual(first.seat);
    expect((await relay.connections.next()).credentials).toEqual(first.seat);
    expect((await relay.connections.next()).credentials).toEqual(first.seat);
  });

  it('reject with the problem of the router', async () => {
    const { router } = await relayAndRouter();
    router.answer({
      status: 429,
      headers: { 'retry-after': '10' },
      body: JSON.stringify(problem('room_full', 'The room holds 2 clients', 'r-9')),
    });
    await expect(join({ router: router.url, room_id: '00157' })).rejects.toMatchObject({
      name: 'AnteroomError',
      code: 'room_full',
      message: 'The room holds 2 clients',
      status: 429,
      retryable: true,
      retry_after_ms: 10_000,
      request_id: 'r-9',
    });
  });

  it('reject with what a gateway says', async () => {
    const { router } = await relayAndRouter();
    router.answer({ status: 429, body: '{"message":"Too Many Requests"}' });
    await expect(create({ router: router.url })).rejects.toMatchObject({
      code: 'rate_limited',
      retryable: true,
    });
    router.answer({ status: 200, body: '<html>hello</html>' });
    await expect(create({ router: router.url })).rejects.toMatchObject({
      code: 'protocol',
      retryable: false,
    });
  });

  it('reject where no router answers', async () => {
    const { router } = await relayAndRouter();
    for (let n = 0; n < 4; n++) router.answer({ hang: true });
    await expect(create({ router: router.url, timings: { request_timeout_ms: 50 } })).rejects.toMatchObject({
      code: 'network',
      retryable: true,
      message: expect.stringContaining('50 ms'),
    });
    await router.stop();
    await expect(create({ router: router.url })).rejects.toMatchObject({ code: 'network', retryable: true });
  });

  it.each([
    [{ router: '' }, /router must be/],
    [{ router: 'ftp://room.example' }, /router must be/],
    [{ room_id: '157' }, /room_id/],
    [{ room_id: 157 as unknown as string }, /room_id/],
    [{ resume: { client_id: 'me', ticket: 'A'.repeat(43) } }, /resume\.client_id/],
    [{ resume: { client_id: '00000000-0000-4000-8000-000000000000', ticket: '' } }, /resume\.ticket/],
  ])('refuse %j without asking', async (options, message) => {
    await expect(
      joinUnencryptedRoom({ router: 'http://127.0.0.1:9', room_id: '00157', ...options }),
    ).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(message),
    });
  });

  it('refuse an address that a secure page cannot open', async () => {
    const { router } = await relayAndRouter();
    // The router of this test speaks http only; a fetch of the caller's stands in for TLS.
    const options = {
      router: 'https://room.example',
      fetch: (_: unknown, init?: RequestInit) => fetch(`${router.url}/create-room`, init),
    };
    const secure = { isSecurePage: () => true };
    await expect(create({ ...options, platform: secure })).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('wss: only'),
    });
    expect((await create(options)).state.status).toBe('live');
  });

  it('use the fetch that they are given', async () => {
    const { router } = await relayAndRouter();
    const urls: unknown[] = [];
    await create({
      router: router.url,
      fetch: (url, init) => {
        urls.push(url);
        return fetch(url, init);
      },
    });
    expect(urls).toEqual([`${router.url}/create-room`]);
  });
});

describe('the first connection', () => {
  it('goes through the router again when the task has gone', async () => {
    const { relay, router } = await relayAndRouter();
    router.alter = (grant) => {
      router.alter = (later) => later;
      return { ...grant, url: NOWHERE };
    };
    const room = await create({ router: router.url });
    expect(room.state).toEqual({ status: 'live' });
    expect((await relay.connections.next()).credentials).toEqual(room.seat);
  });

  it('resumes where the task does not know the seat any more', async () => {
    const { router } = await relayAndRouter({ onConnect: (peer) => peer.socket.close(4401, 'ticket') });
    const elsewhere = await startRelay();
    router.alter = (grant) => {
      router.relay_url = elsewhere.url;
      return grant;
    };
    const room = await create({ router: router.url });
    expect((await elsewhere.connections.next()).credentials).toEqual(room.seat);
    expect(await paths(router, 2)).toEqual(['/create-room', '/join-room']);
    expect(router.seats).toBe(1);
  });

  it.each(['create', 'join'] as const)('of a %s asks anew, once, when its seat has run out', async (call) => {
    const { relay, router } = await relayAndRouter();
    const enter = () =>
      call === 'create' ? create({ router: router.url }) : join({ router: router.url, room_id: '00157' });
    let gone = 1;
    router.alter = (grant) => {
      if (gone-- <= 0) return grant;
      router.answer(problemAnswer('client_not_found'));
      return { ...grant, url: NOWHERE };
    };
    const room = await enter();
    expect((await relay.connections.next()).credentials).toEqual(room.seat);
    const requests = await Promise.all([1, 2, 3].map(() => router.requests.next()));
    expect(requests.map(({ path }) => path)).toEqual([`/${call}-room`, '/join-room', `/${call}-room`]);
    expect(requests[2]!.headers['idempotency-key']).not.toBe(requests[0]!.headers['idempotency-key']);
    gone = 2;
    await expect(enter()).rejects.toMatchObject({ code: 'closed' });
  });

  it('of a seat that was had before is given up when that has run out', async () => {
    const { router } = await relayAndRouter();
    const { room_id, ...resume } = (await create({ router: router.url })).seat;
    await router.requests.next();
    router.alter = (grant) => {
      router.answer(problemAnswer('client_not_found'));
      return { ...grant, url: NOWHERE };
    };
    await expect(join({ router: router.url, room_id, resume })).rejects.toMatchObject({ code: 'closed' });
    expect(await paths(router, 2)).toEqual(['/join-room', '/join-room']);
    expect(router.seats, 'no new seat was taken').toBe(1);
  });

  it('is refused for good with a second 4401', async () => {
    const { router } = await relayAndRouter({ onConnect: (peer) => peer.socket.close(4401, 'ticket') });
    await expect(create({ router: router.url })).rejects.toMatchObject({
      code: 'closed',
      retryable: false,
      message: 'The relay refused this client: 4401 ticket',
    });
    expect(await paths(router, 2)).toEqual(['/create-room', '/join-room']);
  });

  it('is not made with a server that selects no protocol, which the platform refuses', async () => {
    const { router } = await relayAndRouter({ select: () => false });
    await expect(create({ router: router.url, reconnect: () => null })).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('1006'),
    });
  });

  it('is not made with a server that selects the credentials, which only we can refuse', async () => {
    const { router } = await relayAndRouter({ select: (offers) => offers[1]! });
    await expect(create({ router: router.url, reconnect: () => null })).rejects.toMatchObject({
      code: 'network',
      message: 'The connection closed with 1002: the server does not speak anteroom.v1',
    });
  });

  it('is not made with a malformed welcome', async () => {
    const { router } = await relayAndRouter({
      onConnect: (peer) => peer.tell({ type: 'welcome', slot: 'first' } as { type: string }),
    });
    await expect(create({ router: router.url, reconnect: () => null })).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('malformed "welcome"'),
    });
  });
});

describe('a signal', () => {
  it('that is aborted already keeps the request from being sent', async () => {
    const signal = AbortSignal.abort(new Error('changed my mind'));
    await expect(create({ router: 'http://127.0.0.1:9', signal })).rejects.toMatchObject({
      code: 'aborted',
      cause: expect.objectContaining({ message: 'changed my mind' }),
    });
  });

  it('ends the request', async () => {
    const { router } = await relayAndRouter();
    router.answer({ hang: true });
    const controller = new AbortController();
    void router.requests.next().then(() => controller.abort());
    await expect(create({ router: router.url, signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
      retryable: false,
    });
  });

  it('ends the wait for the first connection, and the connection with it', async () => {
    const { relay, router } = await relayAndRouter({ onConnect: () => undefined });
    const controller = new AbortController();
    const closed = relay.connections.next().then((peer) => {
      controller.abort();
      return peer.closed;
    });
    await expect(create({ router: router.url, signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    expect([1000, 1006]).toContain(await closed);
  });

  it('does nothing to a room that is live', async () => {
    const { router } = await relayAndRouter();
    const controller = new AbortController();
    const room = await create({ router: router.url, signal: controller.signal });
    controller.abort();
    expect(room.state).toEqual({ status: 'live' });
    expect(room.sendText('still here')).toBe(true);
  });
});
