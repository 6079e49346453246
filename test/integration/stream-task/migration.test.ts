/** A drain from end to end: the real use cases, two whole tasks, clients on real sockets that follow their room. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Grant } from '../../../shared/protocol/api.ts';
import { encodeFrame, FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import { credentialsToken, type Protocol } from '../../../shared/protocol/subprotocol.ts';
import { eventually } from '../../support/inbox.ts';
import { paperFleet, SECRET_NAME, startTestAws } from '../../support/aws.ts';
import { Peer, RELAY_CONFIG, SECRET } from '../../support/relay.ts';
import { startSmallRouter, type SmallRouter } from '../../support/small-router.ts';
import { storeBreaches } from '../../support/store-invariants.ts';
import { startWholeTask } from '../../support/whole-task.ts';

const MAIN = fileURLToPath(new URL('../../../stream-task/main.ts', import.meta.url));

const startTask = async (router: SmallRouter, TASK_ID: string, more: Record<string, string> = {}) => {
  const env = { PUBLIC_ADDRESS: '127.0.0.1', HEARTBEAT: '2s', LEASE: '5s', TASK_ID, ...more };
  const running = await startWholeTask(router, { env });
  await running.task.registered;
  return running;
};

async function ask(router: SmallRouter, path: string, body: unknown): Promise<Grant & { code?: string }> {
  const response = await fetch(router.url + path, { method: 'POST', body: JSON.stringify(body) });
  return (await response.json()) as Grant & { code?: string };
}

const open = (seat: Grant, url = seat.url!, protocol: Protocol = 'anteroom.v1') =>
  Peer.open(url, [protocol, credentialsToken(seat)]);

function say(peer: Peer, words: string): void {
  const header = {
    class: FRAME_CLASS.MSG,
    droppable: false,
    keyframe: false,
    e2e: false,
    layer: 0,
    stream: 0,
  };
  peer.send(encodeFrame({ ...header, source: peer.slot, destination: TO_ALL }, Buffer.from(words)));
}

const heard = async (peer: Peer) => (await peer.next()).data.subarray(6).toString();

it('[R63] [R65] clients go over one by one, with their tickets, and are never apart', async () => {
  await using router = await startSmallRouter({ HEARTBEAT: '2s', LEASE: '5s' });
  await using first = await startTask(router, 'first');
  const seat = await ask(router, '/create-room', { max_clients: 3 });
  const { room_id } = seat;
  const other = await ask(router, '/join-room', { room_id });
  const [a, b] = [await open(seat), await open(other)];
  await a.welcomed();
  await a.control('joined');
  await b.welcomed();
  await using second = await startTask(router, 'second');

  first.task.drain();
  for (const peer of [a, b]) await peer.control('draining');
  const moved = await a.control('moved');
  expect(await b.control('moved')).toEqual(moved);
  expect(moved.url).toBe(`ws://127.0.0.1:${second.task.relay.port}`);
  expect(await router.store.getRoom(room_id)).toMatchObject({
    task_id: 'second',
    epoch: moved.epoch,
    clients: 2,
  });

  const a2 = await open(seat, moved.url);
  expect(await a2.welcomed()).toMatchObject({ epoch: moved.epoch, clients: [] });
  say(a, 'on the old line');
  expect(await heard(b)).toBe('on the old line');
  const b2 = await open(other, moved.url);
  await b2.welcomed();
  await a2.control('joined');
  a.send('{"type":"moved_on"}');
  expect(await b.control('left')).toMatchObject({ client_id: seat.client_id, reason: 'moved' });
  say(a2, 'on the new line');
  expect(await heard(b2)).toBe('on the new line');
  // Who joins meanwhile is where the room is.
  const third = await ask(router, '/join-room', { room_id });
  expect(third.url).toBe(moved.url);
  for (const peer of [a, b]) peer.ws.close(4000);
  await first.task.stopped;
  await eventually(() => second.task.relay.registry.clients === 2);
  say(b2, 'all here');
  expect(await heard(a2)).toBe('all here');
  expect(await storeBreaches(router.store, { room_ids: [room_id] })).toEqual([]);
  expect((await router.store.getRoomWithClients(room_id))?.clients.map(({ client_id }) => client_id)).toEqual(
    expect.arrayContaining([seat.client_id, other.client_id, third.client_id]),
  );
  for (const peer of [a2, b2]) peer.ws.terminate();
});

it('[R67] a room waits for a place on the task that drains, and moves when there is one', async () => {
  await using router = await startSmallRouter({ HEARTBEAT: '2s', LEASE: '5s', MAX_TASKS: '0' });
  await using first = await startTask(router, 'first');
  const seat = await ask(router, '/create-room', { max_clients: 2 });
  const a = await open(seat, seat.url, 'anteroom.raw.v1');
  first.task.drain();
  const { counts } = first.task.relay;
  await eventually(() => (counts.migrate_room.get('refused') ?? 0) >= 2);
  // Still here, and still the place to come to.
  const other = await ask(router, '/join-room', { room_id: seat.room_id });
  expect(other.url).toBe(seat.url);
  const b = await open(other, other.url, 'anteroom.raw.v1');
  b.send('hello');
  expect((await a.next()).data.toString()).toBe('hello');
  await using second = await startTask(router, 'second');
  for (const peer of [a, b]) expect(await peer.closed).toEqual({ code: 4503, reason: 'moved' });
  const { room_id, client_id, ticket } = seat;
  expect((await ask(router, '/join-room', { room_id, client_id, ticket })).url).toBe(
    `ws://127.0.0.1:${second.task.relay.port}`,
  );
  await first.task.stopped;
  expect(await storeBreaches(router.store, { room_ids: [room_id] })).toEqual([]);
});

it('[R67] clients of a room without a place resume at the deadline, and meet where there is one by then', async () => {
  await using router = await startSmallRouter({ HEARTBEAT: '2s', LEASE: '5s', MAX_TASKS: '0' });
  await using first = await startTask(router, 'first', { DRAIN_DEADLINE: '500ms' });
  const seat = await ask(router, '/create-room', { max_clients: 2 });
  const a = await open(seat);
  await a.welcomed();
  first.task.drain();
  await a.control('draining');
  expect(await a.closed).toEqual({ code: 4503, reason: 'draining' });
  await first.task.stopped;
  const { room_id, client_id, ticket } = seat;
  const resume = { room_id, client_id, ticket };
  expect((await ask(router, '/join-room', resume)).code).toBe('no_task_available');
  await using second = await startTask(router, 'second');
  const again = await ask(router, '/join-room', resume);
  expect(again.url).toBe(`ws://127.0.0.1:${second.task.relay.port}`);
  const a2 = await open(again);
  expect(await a2.welcomed()).toMatchObject({ room_id });
  expect(await storeBreaches(router.store, { room_ids: [room_id] })).toEqual([]);
  a2.ws.terminate();
});

it(
  'a task that is killed while it drains leaves nobody behind, whether a room has moved or not',
  { timeout: 60_000 },
  async () => {
    await using router = await startSmallRouter({ HEARTBEAT: '2s', LEASE: '5s', MAX_TASKS: '0' });
    const aws = await startTestAws({
      fleet: paperFleet(),
      secret: { name: SECRET_NAME, value: SECRET.current },
    });
    const child = spawn(process.execPath, [MAIN], {
      env: {
        ...aws.doubles.env,
        ROUTER_URL: router.url,
        ROUTER_SECRET_ID: SECRET_NAME,
        REGION: 'eu-north-1',
        PORT: '0',
        PUBLIC_ADDRESS: '127.0.0.1',
        TASK_ID: 'doomed',
        LANE: RELAY_CONFIG.LANE,
      },
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    try {
      await expect.poll(() => router.store.getTask('doomed'), { timeout: 15_000 }).toBeDefined();
      const seats = [await ask(router, '/create-room', {}), await ask(router, '/create-room', {})];
      const peers = [await open(seats[0]!), await open(seats[1]!)];
      for (const peer of peers) await peer.welcomed();
      await using second = await startTask(router, 'second', { ROOM_CAPACITY: '1' });
      child.kill('SIGTERM');
      for (const peer of peers) await peer.control('draining');
      const winner = await Promise.race(
        peers.map((peer, at) =>
          peer.control('moved').then(
            () => at,
            () => -1,
          ),
        ),
      );
      const [there, left] = [seats[winner]!, seats[1 - winner]!];
      child.kill('SIGKILL');
      for (const peer of peers) expect((await peer.closed).code).toBe(1006);
      expect(await exited).toEqual([null, 'SIGKILL']);

      // Its seat waits where it was told to go.
      const a = await open(there, `ws://127.0.0.1:${second.task.relay.port}`);
      expect(await a.welcomed()).toMatchObject({ room_id: there.room_id });
      const { room_id, client_id, ticket } = left;
      expect((await ask(router, '/join-room', { room_id, client_id, ticket })).code).toBe(
        'no_task_available',
      );
      await using third = await startTask(router, 'third');
      const again = await ask(router, '/join-room', { room_id, client_id, ticket });
      expect(again.url).toBe(`ws://127.0.0.1:${third.task.relay.port}`);
      const b = await open(again);
      expect(await b.welcomed()).toMatchObject({ room_id });
      expect(await storeBreaches(router.store, { room_ids: seats.map((seat) => seat.room_id) })).toEqual([]);
      expect((await router.store.getTask('doomed'))?.rooms).toBe(0);
      for (const peer of [a, b]) peer.ws.terminate();
    } finally {
      child.kill('SIGKILL');
      await aws.doubles.stop();
    }
  },
);
