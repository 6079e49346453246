import { once } from 'node:events';
import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  PayloadTooLargeException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { SocketLimits } from '../../../dev/router/web-socket/api.ts';
import type { Handler } from '../../../dev/router/invoke.ts';
import { startSocketApi, type TestSocketApi } from '../../support/web-socket-api.ts';

interface Event {
  headers?: Record<string, string>;
  body?: string;
  requestContext: Record<string, unknown> & { connectionId: string; routeKey: string };
}

let api: TestSocketApi | undefined;
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await api?.[Symbol.asyncDispose]();
  api = undefined;
});

/** Events by route, each awaited as it comes. */
class Events {
  readonly #seen: Event[] = [];
  readonly #waiting: (() => void)[] = [];

  readonly take = (event: unknown): void => {
    this.#seen.push(event as Event);
    for (const look of this.#waiting.splice(0)) look();
  };

  async next(route: string): Promise<Event> {
    for (;;) {
      const at = this.#seen.findIndex(({ requestContext }) => requestContext.routeKey === route);
      if (at >= 0) return this.#seen.splice(at, 1)[0]!;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

const OK = { statusCode: 200 };

async function start(routes: Record<string, Handler> = {}, limits?: SocketLimits) {
  const events = new Events();
  const note: Handler = (event) => {
    events.take(event);
    return OK;
  };
  api = await startSocketApi({ $connect: note, $disconnect: note, $default: note, ...routes }, limits);
  return { events, api };
}

function open(url: string, protocols: string[] = []): WebSocket {
  const socket = new WebSocket(url, protocols, { headers: { 'User-Agent': 'a test' } });
  // Handshakes that are refused, and those that the end of a test cuts short.
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** An open socket and the id of its connection. */
async function connected(events: Events, url: string) {
  const socket = open(url);
  await once(socket, 'open');
  const { requestContext } = await events.next('$connect');
  return { socket, ConnectionId: requestContext.connectionId };
}

const closed = async (socket: WebSocket): Promise<number> => ((await once(socket, 'close')) as [number])[0];
const heard = async (socket: WebSocket): Promise<unknown> =>
  JSON.parse(String(((await once(socket, 'message')) as [Buffer])[0]));

describe('the WebSocket API of the local stack', () => {
  it('asks $connect, with the headers as they were sent, and opens with the subprotocol that it selects', async () => {
    const events = new Events();
    const { api } = await start({
      $connect(event) {
        events.take(event);
        return { statusCode: 200, headers: { 'sec-websocket-protocol': 'a.v1' } };
      },
    });
    const socket = open(api.url, ['a.v1', 'secret']);
    await once(socket, 'open');
    expect(socket.protocol).toBe('a.v1');
    const { headers, requestContext } = await events.next('$connect');
    expect(headers).toMatchObject({ 'Sec-WebSocket-Protocol': 'a.v1,secret', 'User-Agent': 'a test' });
    expect(requestContext).toMatchObject({
      eventType: 'CONNECT',
      stage: 'test',
      connectionId: expect.stringMatching(/=$/) as string,
      connectedAt: expect.any(Number) as number,
      identity: { sourceIp: '127.0.0.1', userAgent: 'a test' },
    });
  });

  it.each([
    ['401', () => ({ statusCode: 401 }), 401],
    ['403', () => ({ statusCode: 403 }), 403],
    ['503', () => ({ statusCode: 503 }), 503],
    ['nothing of use', () => 'what', 502],
    [
      'an error',
      () => {
        throw new Error('broken');
      },
      502,
    ],
  ])('refuses a connection for which $connect answers %s', async (_, handler, status) => {
    const { api } = await start({ $connect: handler });
    const socket = open(api.url);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(status);
  });

  it('chooses the route by the field of the message, else $default', async () => {
    const special = new Events();
    const { api, events } = await start({ hello: (event) => special.take(event) });
    const socket = open(api.url);
    await once(socket, 'open');
    for (const text of ['{"type":"hello"}', '{"type":"other"}', 'no JSON', '{"type":"$connect"}', '[]']) {
      socket.send(text);
    }
    expect((await special.next('hello')).body).toBe('{"type":"hello"}');
    const others = [];
    for (let n = 0; n < 4; n++) others.push((await events.next('$default')).body);
    expect(others.map(String).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      '[]',
      'no JSON',
      '{"type":"$connect"}',
      '{"type":"other"}',
    ]);
  });

  it('tells a client whose message no function took, or one failed on', async () => {
    api = await startSocketApi({
      $connect: () => OK,
      bad() {
        throw new Error('broken');
      },
    });
    const socket = open(api.url);
    await once(socket, 'open');
    socket.send('{"type":"bad"}');
    expect(await heard(socket)).toMatchObject({ message: 'Internal server error' });
    socket.send('{"type":"other"}');
    expect(await heard(socket)).toMatchObject({
      message: 'Forbidden',
      connectionId: expect.stringMatching(/=$/) as string,
    });
  });

  it('tells $disconnect how a connection ended', async () => {
    const { api, events } = await start();
    const { socket, ConnectionId } = await connected(events, api.url);
    socket.close(4_000, 'enough');
    const { requestContext } = await events.next('$disconnect');
    expect(requestContext).toMatchObject({
      connectionId: ConnectionId,
      eventType: 'DISCONNECT',
      disconnectStatusCode: 4_000,
      disconnectReason: 'enough',
    });
  });

  it('ends a connection on which nothing was sent for too long, and none on which something was', async () => {
    const { api, events } = await start({}, { idle_ms: 1_000, duration_ms: 60_000 });
    const { socket, ConnectionId } = await connected(events, api.url);
    const began = performance.now();
    const ended = closed(socket);
    // Sent in either direction: it lives longer than the limit.
    for (let n = 0; n < 6; n++) {
      if (n % 2 === 0) socket.send('{}');
      else await api.client.send(new PostToConnectionCommand({ ConnectionId, Data: '{}' }));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(await ended).toBe(1_001);
    expect(performance.now() - began).toBeGreaterThan(2_000);
  });

  it('ends a connection after its longest time, whatever is sent', async () => {
    const { api, events } = await start({}, { idle_ms: 60_000, duration_ms: 300 });
    const { socket } = await connected(events, api.url);
    const talk = setInterval(() => socket.send('{}'), 50);
    expect(await closed(socket)).toBe(1_001);
    clearInterval(talk);
  });

  it.each([
    ['binary', Buffer.from([1]), 1_003],
    ['larger than 128 KB', 'x'.repeat(128 * 1024 + 1), 1_009],
  ])('takes no message that is %s', async (_, message, code) => {
    const { api, events } = await start();
    const { socket } = await connected(events, api.url);
    socket.send(message);
    expect(await closed(socket)).toBe(code);
  });

  it('serves its own path alone', async () => {
    const { api } = await start();
    const socket = open(`${api.url}/elsewhere`);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toMatch(/socket hang up|ECONNRESET/);
  });
});

describe('@connections of the local stack, to the client of the AWS SDK', () => {
  it('sends to a connection, tells of it, and ends it', async () => {
    const { api, events } = await start();
    const { socket, ConnectionId } = await connected(events, api.url);
    const message = heard(socket);
    await api.client.send(new PostToConnectionCommand({ ConnectionId, Data: '{"type":"hello"}' }));
    expect(await message).toEqual({ type: 'hello' });

    const told = await api.client.send(new GetConnectionCommand({ ConnectionId }));
    expect(told.Identity).toEqual({ SourceIp: '127.0.0.1', UserAgent: 'a test' });
    expect(told.LastActiveAt!.getTime()).toBeGreaterThanOrEqual(told.ConnectedAt!.getTime());

    const ended = closed(socket);
    await api.client.send(new DeleteConnectionCommand({ ConnectionId }));
    expect(await ended).toBe(1_000);
    await events.next('$disconnect');
    for (const Command of [GetConnectionCommand, DeleteConnectionCommand]) {
      await expect(api.client.send(new Command({ ConnectionId }))).rejects.toBeInstanceOf(GoneException);
    }
  });

  it('knows nothing of a connection that never was, is gone, or is still being made', async () => {
    const connecting = new Events();
    const let_in = Promise.withResolvers<typeof OK>();
    const { api } = await start({
      $connect(event) {
        connecting.take(event);
        return let_in.promise;
      },
    });
    const post = (ConnectionId: string) =>
      api.client.send(new PostToConnectionCommand({ ConnectionId, Data: '{}' }));
    await expect(post('L0SM9cOFvHcCIhw=')).rejects.toMatchObject({
      name: 'GoneException',
      $metadata: { httpStatusCode: 410, requestId: expect.stringMatching(/.+/) as string },
    });
    const socket = open(api.url);
    const { connectionId } = (await connecting.next('$connect')).requestContext;
    await expect(post(connectionId)).rejects.toBeInstanceOf(GoneException);
    let_in.resolve(OK);
    await once(socket, 'open');
    await post(connectionId);
  });

  it('takes messages up to 128 KB', async () => {
    const { api, events } = await start();
    const { socket, ConnectionId } = await connected(events, api.url);
    const message = once(socket, 'message');
    const post = (bytes: number) =>
      api.client.send(new PostToConnectionCommand({ ConnectionId, Data: 'x'.repeat(bytes) }));
    await post(128 * 1024);
    expect(((await message) as [Buffer])[0]).toHaveLength(128 * 1024);
    await expect(post(128 * 1024 + 1)).rejects.toBeInstanceOf(PayloadTooLargeException);
  });

  it('refuses what is not signed for it', async () => {
    const { api } = await start();
    const answer = await fetch(`${api.endpoint}/@connections/abc%3D`, { method: 'POST', body: '{}' });
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([403, 'ForbiddenException']);
  });
});
