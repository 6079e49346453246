import { WebSocket } from 'ws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  AnteroomError,
  createUnencryptedRoom,
  FRAME_CLASS,
  joinUnencryptedRoom,
  type Room,
} from '../../../client/src/node/index.ts';
import type { OpenGrant } from '../../../shared/protocol/api.ts';
import { describeDynamo } from '../../support/dynamodb.ts';
import { live, next, talk, together } from '../../support/rooms.ts';
import { type Stack, startStack } from '../../support/stack.ts';

describeDynamo('rooms over the whole stack with DynamoDB', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ env: { STORE: 'dynamodb' } });
  });
  afterAll(() => stack.stop());

  it('two Node clients of the SDK create, join, see each other and talk; a third reads that the room is full', async () => {
    const a = await createUnencryptedRoom({ router: stack.url, max_clients: 2 });
    const b = await joinUnencryptedRoom({ router: stack.url, room_id: a.room_id });
    await together(a, b);
    await talk(a, b, 'hello');

    const pointer = next(
      (listener: (frame: { payload: Uint8Array; class: number }) => void) => b.on('frame', listener),
      (frame) => frame.class === FRAME_CLASS.POSE,
    );
    a.send(FRAME_CLASS.POSE, Uint8Array.of(1, 2, 3), { droppable: true });
    expect([...(await pointer).payload]).toEqual([1, 2, 3]);

    const refusal = await joinUnencryptedRoom({ router: stack.url, room_id: a.room_id }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(AnteroomError);
    expect(refusal).toMatchObject({ code: 'room_full', status: 429, retryable: true });

    const left = next<{ client_id: string; gone: boolean }>(
      (listener) => a.on('left', listener),
      ({ gone }) => gone,
    );
    await b.leave();
    expect((await left).client_id).toBe(b.client_id);
    // A seat is free, and in the end the room closed, as soon as the task has told the router.
    const join = () => joinUnencryptedRoom({ router: stack.url, room_id: a.room_id });
    const codeOf = (error: unknown) => (error as AnteroomError).code;
    let c: Room | undefined;
    await expect
      .poll(
        async () => {
          c = await join().catch(() => undefined);
          return c?.members.map((member) => member.client_id);
        },
        { timeout: 20_000 },
      )
      .toEqual([a.client_id]);
    await Promise.all([a.leave(), c?.leave()]);
    const tryToJoin = () => join().then((room) => room.leave().then(() => 'joined'), codeOf);
    await expect.poll(tryToJoin, { timeout: 20_000 }).toBe('room_not_found');
  });

  it('kill -9 of the task of a room: both clients resume on the other task with their ids, and go on talking', async () => {
    const a = await createUnencryptedRoom({ router: stack.url, max_clients: 2 });
    const b = await joinUnencryptedRoom({ router: stack.url, room_id: a.room_id });
    await together(a, b);
    const ids = [a.client_id, b.client_id];
    const tickets = [a.seat.ticket, b.seat.ticket];

    const broken = Promise.all(
      [a, b].map((room) =>
        next(
          (listener: (state: Room['state']) => void) => room.on('state', listener),
          ({ status }) => status === 'reconnecting',
        ),
      ),
    );
    const { task_id } = await stack.killTaskOf(a.room_id);
    await broken;
    await Promise.all([live(a), live(b)]);
    await together(a, b);
    await talk(a, b, 'again');
    expect([a.client_id, b.client_id]).toEqual(ids);
    expect([a.seat.ticket, b.seat.ticket]).toEqual(tickets);
    expect(await stack.taskOf(a.room_id)).not.toBe(task_id);
    await Promise.all([a.leave(), b.leave()]);
  });

  it('a plain WebSocket client takes part with the grant alone', async () => {
    const post = async (path: string, body: unknown) =>
      (await (
        await fetch(new URL(path, stack.url), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      ).json()) as OpenGrant;
    const open = (grant: OpenGrant) => {
      const socket = new WebSocket(grant.url, [
        'anteroom.raw.v1',
        `${grant.room_id}.${grant.client_id}.${grant.ticket}`,
      ]);
      return new Promise<WebSocket>((resolve, reject) => {
        socket.once('open', () => resolve(socket));
        socket.once('error', reject);
      });
    };
    const first = await post('/create-room', { max_clients: 2 });
    const second = await post('/join-room', { room_id: first.room_id });
    const [a, b] = [await open(first), await open(second)];
    expect(a.protocol).toBe('anteroom.raw.v1');
    const heard = new Promise((resolve) => {
      b.once('message', (data: Buffer, binary) => resolve([data.toString(), binary]));
    });
    a.send('hello');
    expect(await heard).toEqual(['hello', false]);

    const wrong = new WebSocket(first.url, [
      'anteroom.raw.v1',
      `${first.room_id}.${first.client_id}.${second.ticket}`,
    ]);
    expect(await new Promise((resolve) => wrong.once('close', resolve))).toBe(4401);
    a.close(1000);
    b.close(1000);
  });
});
