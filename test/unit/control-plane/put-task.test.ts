import { describe, expect, it } from 'vitest';
import { createRoom } from '../../../shared/use-cases/create-room.ts';
import { putTask } from '../../../shared/use-cases/put-task.ts';
import { resumeClient } from '../../../shared/use-cases/resume-client.ts';
import { connectedRoom, granted, makeWorld, refused, START } from '../../support/world.ts';

const report = {
  task_id: 'a',
  kind: 'relay',
  region: 'test-1',
  state: 'READY',
  port: 443,
  url: 'ws://203.0.112.7:443',
  room_capacity: 10,
  clients: 0,
  started_at: START,
  heartbeat_seq: 0,
  rooms: [],
  connects: [],
} as const;

describe('put-task', () => {
  it('registers a task for a lease and renews it', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    expect((await world.store.getTask('a'))?.lease_until).toBe(START + 30_000);
    world.advance(10_000);
    expect(await granted(world.heartbeat(task))).toMatchObject({
      state: 'READY',
      lease_until: START + 40_000,
    });
    expect(world.counts.get('tasks_registered')).toBe(1);
  });

  it.each(['10.0.0.7', '127.0.0.1', '169.254.169.254', '::1', 'fd00::1', '192.168.1.1', '100.64.0.1'])(
    'does not believe the private address %s',
    async (remote) => {
      const world = await makeWorld({ ALLOW_PRIVATE_ADDRESSES: 'false' });
      const host = remote.includes(':') ? `[${remote}]` : remote;
      const refusal = await refused(
        putTask(world.deps, { ...report, rooms: [], connects: [], url: `ws://${host}:443` }, remote),
      );
      expect(refusal.faults).toMatchObject([{ path: 'Remote' }]);
    },
  );

  it.each([undefined, '', 'localhost', '0177.0.0.1', '1.2.3'])(
    'asks for an address in place of %j',
    async (remote) => {
      const world = await makeWorld();
      const refusal = await refused(putTask(world.deps, { ...report, rooms: [], connects: [] }, remote));
      expect(refusal.faults).toMatchObject([{ path: 'Remote' }]);
    },
  );

  it('believes a url only with the host of the task itself, or a name in the zone of the tasks', async () => {
    const world = await makeWorld({ ALLOW_PRIVATE_ADDRESSES: 'false', TASK_ZONE: 'tasks.example' });
    const put = (url: string) =>
      putTask(world.deps, { ...report, rooms: [], connects: [], url }, '203.0.112.7');
    await granted(put('ws://203.0.112.7:443'));
    await granted(put('wss://a.tasks.example'));
    for (const url of ['ws://203.0.112.8:443', 'wss://evil.example', 'wss://b.tasks.example']) {
      expect((await refused(put(url))).faults).toMatchObject([{ path: 'url' }]);
    }
  });

  it('names every fault at once', async () => {
    const world = await makeWorld();
    const refusal = await refused(
      putTask(
        world.deps,
        { ...report, rooms: [], connects: [], kind: 'render', region: 'mars-1' },
        '10.0.0.1',
      ),
    );
    expect(refusal.faults?.map((fault) => fault.path)).toEqual(['url', 'region', 'kind']);
  });

  it('marks reported connects, of the present generation only', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await granted(createRoom(world.deps, {}));
    const connects = [
      { room_id: grant.room_id, epoch: grant.epoch, client_id: grant.client_id, generation: 1 },
    ];
    const status = async () => (await world.store.getRoomWithClients(grant.room_id))?.clients[0]?.status;
    await granted(resumeClient(world.deps, grant));
    await granted(world.heartbeat(task, { connects }));
    expect(await status()).toBe('RESERVED');
    await granted(world.heartbeat(task, { connects: [{ ...connects[0]!, generation: 2 }] }));
    expect(await status()).toBe('CONNECTED');
  });

  it('tells a task which of its rooms went elsewhere, and where', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await connectedRoom(world);
    const other = await world.addTask('b');
    task.behaviour = 'unreachable';
    const resumed = await granted(resumeClient(world.deps, grant));
    const answer = await granted(world.heartbeat(task));
    expect(answer.not_owned).toEqual([
      { room_id: grant.room_id, epoch: grant.epoch, moved_to: { url: other.url, epoch: resumed.epoch } },
    ]);
    expect((await granted(world.heartbeat(other))).not_owned).toEqual([]);
  });

  it('never names a new place for a room that merely has the same number', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await connectedRoom(world);
    const old = grant.epoch - 1_000;
    task.rooms.get(grant.room_id)!.epoch = old;
    expect((await granted(world.heartbeat(task))).not_owned).toEqual([
      { room_id: grant.room_id, epoch: old },
    ]);
  });

  it('refuses an older process that reports under the same task id', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    await granted(world.heartbeat(task, { started_at: START + 5_000 }));
    expect((await refused(world.heartbeat(task))).code).toBe('task_id_taken');
    expect(await granted(world.heartbeat(task, { started_at: START + 5_000 }))).toMatchObject({
      state: 'READY',
    });
  });

  it('takes a draining task out of placement and never back', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    await granted(world.heartbeat(task, { state: 'DRAINING' }));
    expect(await granted(world.heartbeat(task, { state: 'READY' }))).toMatchObject({ state: 'DRAINING' });
    expect((await refused(createRoom(world.deps, {}))).code).toBe('no_task_available');
  });
});
