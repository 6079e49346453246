import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { headerOf, socketHandler, type SocketEvent } from '../../../functions/runtime/web-socket.ts';
import { StoreBusy } from '../../../shared/ports/room-store.ts';

// The logger then writes to the console that is watched below.
vi.hoisted(() => {
  process.env['POWERTOOLS_DEV'] = 'true';
});

/** What the handlers log. */
const printed: string[] = [];
beforeEach(() => {
  printed.length = 0;
  for (const stream of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, stream).mockImplementation((line: unknown) => {
      printed.push(String(line));
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

const CONTEXT = { awsRequestId: 'request', getRemainingTimeInMillis: () => 10_000 } as Context;

const event = (routeKey: string, more: Partial<SocketEvent> = {}): SocketEvent => ({
  requestContext: { routeKey, connectionId: 'one=', requestId: 'id' },
  ...more,
});

function start(
  connect: Parameters<typeof socketHandler>[0]['connect'] = async () => ({ kind: 'refused', status: 401 }),
) {
  const calls: string[] = [];
  const handler = socketHandler({
    connect,
    disconnect: async ({ requestContext }) => void calls.push(`disconnect ${requestContext.connectionId}`),
    messages: {
      sync: async () => void calls.push('sync'),
      broken: () => Promise.reject(new Error('broken')),
    },
  });
  return { calls, run: (given: SocketEvent) => handler(given, CONTEXT) };
}

describe('the handler of a WebSocket API', () => {
  it('answers $connect with the subprotocol that is selected, or with why not', async () => {
    const open = start(async () => ({ kind: 'open', protocol: 'anteroom.control.v1' }));
    expect(await open.run(event('$connect'))).toEqual({
      statusCode: 200,
      headers: { 'Sec-WebSocket-Protocol': 'anteroom.control.v1' },
    });
    const headers = { 'Sec-WebSocket-Protocol': 'anteroom.control.v1, a-ticket' };
    expect(await start().run(event('$connect', { headers }))).toEqual({ statusCode: 401 });
    const logged = printed.join('\n');
    expect(logged).toContain('$connect');
    expect(logged).not.toContain('a-ticket');
  });

  it('answers what goes wrong as the HTTP API does', async () => {
    const busy = start(() => Promise.reject(new StoreBusy('injected')));
    expect(await busy.run(event('$connect'))).toEqual({ statusCode: 503 });
    const broken = start(() => Promise.reject(new Error('injected')));
    expect(await broken.run(event('$connect'))).toEqual({ statusCode: 500 });
    expect(await start().run(event('$default', { body: '{"type":"broken"}' }))).toEqual({ statusCode: 500 });
  });

  it('hands on messages of a type that it knows, and ends', async () => {
    const { calls, run } = start();
    await run(event('$default', { body: '{"type":"sync","more":1}' }));
    const body = Buffer.from('{"type":"sync"}').toString('base64');
    await run(event('$default', { body, isBase64Encoded: true }));
    await run(event('$disconnect'));
    expect(calls).toEqual(['sync', 'sync', 'disconnect one=']);
  });

  it.each(['', 'no JSON', 'null', '[]', '1', '{}', '{"type":1}', '{"type":"other"}', '{"type":"toString"}'])(
    'ignores %j',
    async (body) => {
      const { calls, run } = start();
      expect(await run(event('$default', { body }))).toEqual({ statusCode: 200 });
      expect(calls).toEqual([]);
    },
  );

  it('reads headers by whatever name they were sent', () => {
    const sent = event('$connect', { headers: { 'Sec-WebSocket-Protocol': 'a, b' } });
    expect(headerOf(sent, 'sec-websocket-protocol')).toBe('a, b');
    expect(headerOf(sent, 'origin')).toBeUndefined();
    expect(headerOf(event('$disconnect'), 'origin')).toBeUndefined();
  });
});
