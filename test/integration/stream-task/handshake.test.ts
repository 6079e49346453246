import { once } from 'node:events';
import { connect } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { eventually } from '../../support/inbox.ts';
import { newClient, newRoomId, Peer, seatOf, startTestRelay, type TestRelay } from '../../support/relay.ts';

/** The HTTP status that a handshake is refused with; 101 if it is not. */
async function statusOf(url: string, protocols: string[], headers: Record<string, string> = {}) {
  const ws = new WebSocket(url, protocols, { headers });
  try {
    return await new Promise<number>((resolve, reject) => {
      ws.on('upgrade', () => resolve(101));
      ws.on('unexpected-response', (request, response: IncomingMessage) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      ws.on('error', reject);
    });
  } finally {
    ws.on('error', () => {});
    ws.terminate();
  }
}

/** Sends `text` over a bare socket; what comes back until the end. */
async function rawRequest(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

describe('handshake', () => {
  let relay: TestRelay;
  const room_id = newRoomId();
  const client = newClient();
  const token = credentialsToken({ room_id, ...client });

  beforeAll(async () => {
    relay = await startTestRelay(
      { ALLOWED_ORIGINS: ['https://app.example'] },
      { handshake: 300, handshake_check: 50 },
    );
    await relay.register(room_id, [client]);
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  it('[R5] selects the protocol and never echoes the credentials', async () => {
    const ws = new WebSocket(relay.url, ['anteroom.v1', token]);
    const [response] = (await once(ws, 'upgrade')) as [IncomingMessage];
    expect(response.headers['sec-websocket-protocol']).toBe('anteroom.v1');
    expect(JSON.stringify(response.rawHeaders)).not.toContain(client.ticket);
    expect(response.headers['sec-websocket-extensions'], '[R11]').toBeUndefined();
    ws.terminate();
  });

  it.each([
    ['no subprotocol', []],
    ['the protocol alone', ['anteroom.v1']],
    ['the credentials alone', [token]],
    ['another order', [token, 'anteroom.v1']],
    ['an unknown protocol', ['anteroom.v9', token]],
    ['a third subprotocol', ['anteroom.v1', token, 'more']],
    ['a room id that is none', ['anteroom.v1', `12.${client.client_id}.${client.ticket}`]],
    [
      'a client id in upper case',
      ['anteroom.v1', `${room_id}.${client.client_id.toUpperCase()}.${client.ticket}`],
    ],
    ['a ticket that is too short', ['anteroom.v1', `${room_id}.${client.client_id}.abc`]],
  ])('[R6] answers 400 to %s', async (_what, protocols) => {
    expect(await statusOf(relay.url, protocols)).toBe(400);
  });

  it('[R7] answers 403 to a foreign origin, and lets the allowed one and none through', async () => {
    expect(await statusOf(relay.url, ['anteroom.v1', token], { origin: 'https://evil.example' })).toBe(403);
    expect(await statusOf(relay.url, ['anteroom.v1', token], { origin: 'null' })).toBe(403);
    expect(await statusOf(relay.url, ['anteroom.v1', token], { origin: 'https://app.example' })).toBe(101);
    expect(await statusOf(relay.url, ['anteroom.v1', token])).toBe(101);
  });

  it('[R7] lets any origin through where * is allowed', async () => {
    await using open = await startTestRelay({ ALLOWED_ORIGINS: ['*'] });
    await open.register(room_id, [client]);
    expect(await statusOf(open.url, ['anteroom.v1', token], { origin: 'https://any.example' })).toBe(101);
  });

  it('[R8] answers 431 to headers over 8 KiB', async () => {
    expect(await statusOf(relay.url, ['anteroom.v1', token], { cookie: 'x'.repeat(9_000) })).toBe(431);
  });

  it('[R8] closes a connection that does not finish its headers, and one that says nothing', async () => {
    const answer = await rawRequest(relay.port, 'GET / HTTP/1.1\r\nHost: a\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    await rawRequest(relay.port, '');
  });

  it('[R8] answers 429 to an address that holds too many sockets, until one is closed', async () => {
    await using small = await startTestRelay({ MAX_SOCKETS_PER_ADDRESS: 2 });
    const clients = [newClient(), newClient(), newClient()];
    // Not over HTTP: that would be a socket of this address, too.
    small.relay.registry.register({
      room_id,
      created_at: 1,
      epoch: 1,
      max_clients: 3,
      clients: clients.map((each) => seatOf(each)),
    });
    const peers = [await small.connect(room_id, clients[0]!), await small.connect(room_id, clients[1]!)];
    const third = ['anteroom.v1', credentialsToken({ room_id, ...clients[2]! })];
    expect(await statusOf(small.url, third)).toBe(429);
    expect(small.relay.counts.refused.get(429)).toBe(1);
    peers[0]!.ws.terminate();
    await eventually(() => small.relay.registry.clients === 1);
    expect(await statusOf(small.url, third)).toBe(101);
  });

  it.each(['anteroom.v1', 'anteroom.raw.v1'] as const)(
    '[R9] completes the handshake of an unknown pair or a wrong ticket with %s and closes 4401',
    async (protocol) => {
      const stranger = newClient();
      for (const offered of [
        credentialsToken({ room_id: newRoomId(), ...client }),
        credentialsToken({ room_id, ...stranger }),
        credentialsToken({ room_id, client_id: client.client_id, ticket: stranger.ticket }),
      ]) {
        const peer = await Peer.open(relay.url, [protocol, offered]);
        expect(peer.ws.protocol).toBe(protocol);
        expect((await peer.closed).code).toBe(4401);
        await expect(peer.next()).rejects.toThrow('4401');
      }
    },
  );

  it('[R10] closes a client that speaks another protocol than the room with 4400 and keeps its seat', async () => {
    const { room_id: raw_room, peers } = await relay.room(1, 'anteroom.raw.v1');
    const other = newClient();
    await relay.register(raw_room, [other]);
    const refused = await relay.connect(raw_room, other, 'anteroom.v1');
    expect(await refused.closed).toEqual({ code: 4400, reason: 'this room speaks anteroom.raw.v1' });
    const accepted = await relay.connect(raw_room, other, 'anteroom.raw.v1');
    accepted.send('hello');
    expect((await peers[0]!.next()).data.toString()).toBe('hello');
  });

  it('answers a request that is no WebSocket handshake as plain HTTP', async () => {
    const answer = await rawRequest(
      relay.port,
      'GET /health HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*Healthy\.$/);
  });
});
