/** Rooms that wait for the first task of a fleet, and the control channel that tells their clients, over real sockets. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Grant } from '../../../shared/protocol/api.ts';
import { CONTROL_PROTOCOL, type ControlPush } from '../../../shared/protocol/control-channel.ts';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { RawClient } from '../../support/raw-rooms.ts';
import { type Stack, startStack } from '../../support/stack.ts';
import { readItems } from '../../support/stack-tables.ts';

const PAGE = 'http://page.example';

let stack: Stack;
beforeAll(async () => {
  const env = {
    STREAM_TASKS: '0',
    MAX_TASKS: '1',
    UPSCALE_MARGIN: '0',
    ALLOWED_ORIGINS: PAGE,
    LOG_LEVEL: 'debug',
  };
  stack = await startStack({ env });
});
afterAll(() => stack.stop());

async function post(path: string, body: unknown): Promise<{ status: number; grant: Grant }> {
  const response = await fetch(`${stack.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, grant: (await response.json()) as Grant };
}

function dial(url: string, protocols: string[], origin = PAGE): WebSocket {
  const socket = new WebSocket(url, protocols, { origin });
  socket.on('error', () => undefined);
  return socket;
}

async function refusal(...offer: Parameters<typeof dial>): Promise<number> {
  const [, response] = (await once(dial(...offer), 'unexpected-response')) as [
    unknown,
    { statusCode: number },
  ];
  return response.statusCode;
}

/** The control channel of a seat. */
class Channel {
  readonly socket: WebSocket;
  readonly #heard: ControlPush[] = [];
  #look: (() => void) | undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#heard.push(JSON.parse(data.toString()) as ControlPush);
      this.#look?.();
    });
  }

  static async open(grant: Grant): Promise<Channel> {
    const channel = new Channel(dial(grant.control_url!, [CONTROL_PROTOCOL, credentialsToken(grant)]));
    await once(channel.socket, 'open');
    if (channel.socket.protocol !== CONTROL_PROTOCOL) throw new Error('another subprotocol was selected');
    return channel;
  }

  sync(): void {
    this.socket.send('{"type":"sync"}');
  }

  /** What is answered to a `sync`, when everything that came before has been heard. */
  async answer(): Promise<ControlPush> {
    this.#heard.length = 0;
    this.sync();
    while (this.#heard.length === 0) await new Promise<void>((resolve) => (this.#look = resolve));
    return this.#heard[0]!;
  }

  /** The next message of a type; others are passed over. */
  async next<T extends ControlPush['type']>(type: T): Promise<ControlPush & { type: T }> {
    for (;;) {
      const message = this.#heard.shift();
      if (message?.type === type) return message as ControlPush & { type: T };
      if (message === undefined) await new Promise<void>((resolve) => (this.#look = resolve));
    }
  }
}

const connectionItems = async (): Promise<unknown[]> =>
  (await readItems(stack.aws)).rooms.filter(({ room_id }) => String(room_id).startsWith('#connection'));

describe('a fleet without a task', () => {
  it('lets rooms wait, and tells their clients where they are once a task has come', async () => {
    const created = await post('/create-room', { max_clients: 3 });
    expect([created.status, created.grant.state, created.grant.url]).toEqual([202, 'pending', undefined]);
    const { room_id } = created.grant;
    const joined = await post('/join-room', { room_id });
    expect([joined.status, joined.grant.state]).toEqual([202, 'pending']);

    const channels = await Promise.all([created, joined].map(({ grant }) => Channel.open(grant)));
    for (const channel of channels) channel.sync();
    // Whether it is pushed or the answer to a sync: the place is told.
    const told = await Promise.all(channels.map((channel) => channel.next('room.ready')));
    const [{ url, epoch }] = told as [(typeof told)[0]];
    expect(epoch).toBeGreaterThan(created.grant.epoch);
    const clients = await Promise.all(
      [created, joined].map(({ grant }, n) =>
        RawClient.open({ ...grant, state: 'open', url: told[n]!.url, epoch }),
      ),
    );

    // The seat stays the same over HTTP; who asks on the channel is told the place again.
    const { client_id, ticket } = created.grant;
    const resumed = await post('/join-room', { room_id, client_id, ticket });
    expect([resumed.status, resumed.grant.url]).toEqual([200, url]);
    channels[0]!.sync();
    expect(await channels[0]!.next('room.ready')).toMatchObject({ room_id, url, epoch });

    for (const client of clients) await client.leave();
    await expect
      .poll(() => channels[1]!.answer(), { timeout: 10_000 })
      .toEqual({ type: 'room.closed', room_id, reason: 'gone' });
    // One ends in order, one breaks: nothing is left of either.
    channels[0]!.socket.close();
    channels[1]!.socket.terminate();
    await expect.poll(connectionItems, { timeout: 10_000 }).toEqual([]);
  });

  it('lets nobody listen who has no seat, or is a page of elsewhere', async () => {
    const { grant } = await post('/create-room', {});
    const good = [CONTROL_PROTOCOL, credentialsToken(grant)];
    const url = grant.control_url!;
    const forged = credentialsToken({ ...grant, ticket: 'A'.repeat(43) });
    const unknown = credentialsToken({ ...grant, room_id: '9999' });
    expect(await refusal(url, [CONTROL_PROTOCOL, forged])).toBe(401);
    expect(await refusal(url, [CONTROL_PROTOCOL, unknown])).toBe(401);
    expect(await refusal(url, good.toReversed())).toBe(400);
    expect(await refusal(url, [CONTROL_PROTOCOL])).toBe(400);
    expect(await refusal(url, [...good, 'more'])).toBe(400);
    expect(await refusal(url, good, 'http://elsewhere.example')).toBe(403);
    expect(await connectionItems()).toEqual([]);
    await Channel.open(grant).then(({ socket }) => socket.close());
    await expect.poll(connectionItems, { timeout: 10_000 }).toEqual([]);
    expect(stack.output()).not.toContain(grant.ticket);
    // The log is there to be looked at.
    expect(stack.output()).toMatch(/\$connect/);
  });
});
