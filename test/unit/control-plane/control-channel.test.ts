import { describe, expect, it } from 'vitest';
import { CONTROL_CONNECTING_MS, CONTROL_CONNECTION_MS } from '../../../shared/domain/liveness.ts';
import type { Grant } from '../../../shared/protocol/api.ts';
import { CONTROL_PROTOCOL } from '../../../shared/protocol/control-channel.ts';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { closeChannel, openChannel, syncChannel } from '../../../shared/use-cases/control-channel.ts';
import { createRoom } from '../../../shared/use-cases/create-room.ts';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import { notifyRoom } from '../../../shared/use-cases/notify-room.ts';
import { rehomeRoom } from '../../../shared/use-cases/rehome-room.ts';
import { removeClient } from '../../../shared/use-cases/remove-client.ts';
import { resumeClient } from '../../../shared/use-cases/resume-client.ts';
import { updateTasks } from '../../../shared/use-cases/update-tasks.ts';
import { answer, listen, makeGrowing, offer, told } from '../../support/channel-listeners.ts';
import { connect, granted, makeWorld } from '../../support/world.ts';

const LIMIT_MS = 60_000;

describe('the control channel', () => {
  it('is open to who has a seat, in a room that waits or has its place', async () => {
    const world = await makeGrowing();
    const waiting = await granted(createRoom(world.deps, {}));
    expect(await listen(world, waiting, 'one')).toEqual({ kind: 'open', protocol: CONTROL_PROTOCOL });
    await world.addTask('a');
    const open = await granted(createRoom(world.deps, {}));
    expect((await listen(world, open, 'two')).kind).toBe('open');
    expect(await world.store.listConnections(open.room_id)).toEqual([
      {
        connection_id: 'two',
        room_id: open.room_id,
        client_id: open.client_id,
        room_created_at: open.epoch,
        connected_at: world.now(),
        expires_at: world.now() + CONTROL_CONNECTION_MS,
      },
    ]);
    await closeChannel(world.deps, 'two');
    expect(await world.store.listConnections(open.room_id)).toEqual([]);
  });

  it('is closed to everybody else, and does not tell whether there is such a room', async () => {
    const world = await makeGrowing({ ALLOWED_ORIGINS: 'https://app.example' });
    const grant = await granted(createRoom(world.deps, {}));
    const token = credentialsToken(grant);
    const refusal = async (subprotocols: string, origin?: string) => {
      const verdict = await openChannel(world.deps, { connection_id: 'one', origin, subprotocols });
      return verdict.kind === 'refused' ? verdict.status : verdict.kind;
    };
    const good = offer(grant);
    expect(await refusal(good, 'https://app.example')).toBe('open');
    expect(await refusal(good, 'https://other.example')).toBe(403);
    for (const bad of [
      '',
      CONTROL_PROTOCOL,
      token,
      `${token}, ${CONTROL_PROTOCOL}`,
      `${good}, x`,
      `anteroom.v1, ${token}`,
    ]) {
      expect(await refusal(bad)).toBe(400);
    }
    const { room_id, client_id } = grant;
    const ticket = 'A'.repeat(43);
    expect(await refusal(offer({ ...grant, ticket }))).toBe(401);
    expect(await refusal(offer({ ...grant, room_id: room_id === '99999' ? '99998' : '99999' }))).toBe(401);
    expect(await refusal(offer({ ...grant, client_id: client_id.replaceAll(/[0-8]/g, '9') }))).toBe(401);
    world.advance(LIMIT_MS);
    expect(await refusal(good)).toBe(401);
  });

  it('tells everybody where the room is as soon as it has its place', async () => {
    const world = await makeGrowing();
    const first = await granted(createRoom(world.deps, {}));
    const second = await granted(joinRoom(world.deps, first));
    const elsewhere = await granted(createRoom(world.deps, {}));
    await listen(world, first, 'one');
    await listen(world, second, 'two');
    await listen(world, elsewhere, 'other');
    const task = await world.addTask('a');
    const ready = ({ room_id, epoch }: Grant) => ({
      type: 'room.ready',
      room_id,
      url: task.url,
      epoch: epoch + 1,
      expires_at: world.now() + world.deps.policy.CONNECT_TIMEOUT,
    });
    expect(new Map(told(world) as [string, unknown][])).toEqual(
      new Map([
        ['one', ready(first)],
        ['other', ready(elsewhere)],
        ['two', ready(first)],
      ]),
    );
    expect(task.client(first.room_id, second.client_id).connect_by).toBe(ready(first).expires_at);
  });

  it('tells where a room was re-homed to', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await granted(createRoom(world.deps, {}));
    await connect(world, grant);
    const other = await granted(joinRoom(world.deps, grant));
    await listen(world, other, 'other');
    const b = await world.addTask('b');
    task.behaviour = 'unreachable';
    await granted(resumeClient(world.deps, grant));
    const { room_id, epoch } = grant;
    expect(told(world)).toEqual([['other', { type: 'room.moved', room_id, url: b.url, epoch: epoch + 1 }]]);
  });

  it('has everybody ask whom the task of their room could not be told of', async () => {
    const world = await makeGrowing();
    const grant = await granted(createRoom(world.deps, {}));
    await listen(world, grant, 'one');
    const { tasks } = world.deps;
    const moved = (url: string, epoch: number) => ['one', { type: 'room.moved', room_id, url, epoch }];
    const { room_id, epoch } = grant;
    world.deps.tasks = { ...tasks, register: async () => ({ kind: 'failed', status: 500 }) };
    const a = await world.addTask('a');
    expect(told(world)).toEqual([moved(a.url, epoch + 1)]);
    world.deps.tasks = tasks;
    expect(await granted(resumeClient(world.deps, grant))).toMatchObject({ state: 'open', url: a.url });
    // The same where it is placed anew.
    const b = await world.addTask('b');
    world.deps.tasks = { ...tasks, register: async () => ({ kind: 'failed', status: 500 }) };
    await rehomeRoom(world.deps, (await world.store.getRoom(room_id))!);
    expect(told(world)).toEqual([moved(b.url, epoch + 2)]);
  });

  it('has everybody ask where the task of their room is gone and there is no other', async () => {
    const world = await makeGrowing();
    const { room_id, epoch, ...grant } = await granted(createRoom(world.deps, {}));
    await listen(world, { room_id, epoch, ...grant }, 'one');
    world.deps.tasks = { ...world.deps.tasks, register: async () => ({ kind: 'unreachable' }) };
    const { url } = await world.addTask('a');
    expect(told(world)).toEqual([['one', { type: 'room.moved', room_id, url, epoch: epoch + 1 }]]);
  });

  it('tells that a room was given up, or closed', async () => {
    const world = await makeGrowing();
    const waiting = await granted(createRoom(world.deps, {}));
    await listen(world, waiting, 'one');
    world.advance(LIMIT_MS);
    await updateTasks(world.deps);
    const { room_id } = waiting;
    expect(told(world)).toEqual([['one', { type: 'room.closed', room_id, reason: 'expired' }]]);

    await world.addTask('a');
    const open = await granted(createRoom(world.deps, {}));
    await listen(world, open, 'two');
    world.tasks.get('a')!.rooms.clear();
    world.advance(world.deps.policy.ROOM_TTL);
    await world.heartbeat(world.tasks.get('a')!);
    await world.store.putConnection({
      ...(await world.store.getConnection('two'))!,
      expires_at: world.now() + 1,
    });
    await updateTasks(world.deps);
    expect(told(world)).toEqual([['two', { type: 'room.closed', room_id: open.room_id, reason: 'gone' }]]);
  });

  it('answers who asks with the present state', async () => {
    const world = await makeGrowing();
    const grant = await granted(createRoom(world.deps, {}));
    const { room_id, client_id, epoch } = grant;
    await listen(world, grant, 'one');
    const pending = { type: 'room.pending', room_id, expires_at: grant.expires_at };
    expect(await answer(world, 'one')).toEqual(pending);
    const task = await world.addTask('a');
    const placed_at = world.now();
    const { CONNECT_TIMEOUT, RESUME_GRACE } = world.deps.policy;
    const ready = { type: 'room.ready', room_id, url: task.url, epoch: epoch + 1 };
    world.advance(5_000);
    expect(await answer(world, 'one')).toEqual({ ...ready, expires_at: placed_at + CONNECT_TIMEOUT });
    // Resumed since: the seat is kept from then on.
    const resumed = await granted(resumeClient(world.deps, grant));
    expect(await answer(world, 'one')).toEqual({ ...ready, expires_at: resumed.expires_at });
    await connect(world, resumed);
    world.advance(1_000);
    expect(await answer(world, 'one')).toEqual({ ...ready, expires_at: world.now() + RESUME_GRACE });
    await removeClient(world.deps, { room_id, epoch: resumed.epoch, client_id, generation: 2 });
    expect(await answer(world, 'one')).toEqual({ type: 'room.closed', room_id, reason: 'gone' });
  });

  it('answers that a room has expired before it is given up', async () => {
    const world = await makeGrowing();
    const grant = await granted(createRoom(world.deps, {}));
    await listen(world, grant, 'one');
    world.advance(LIMIT_MS);
    expect(await answer(world, 'one')).toEqual({
      type: 'room.closed',
      room_id: grant.room_id,
      reason: 'expired',
    });
  });

  it('gives who asks a place that has become free, and tells it', async () => {
    const world = await makeGrowing();
    const grant = await granted(createRoom(world.deps, {}));
    await listen(world, grant, 'one');
    const { store } = world.deps;
    const indexed = { ...store };
    // The index does not show the room yet when the task registers.
    store.listPending = async () => [];
    const task = await world.addTask('a');
    Object.assign(store, indexed);
    expect(await answer(world, 'one')).toMatchObject({ type: 'room.ready', url: task.url });
  });

  it('ends a connection that nothing is known of, so that it comes again', async () => {
    const world = await makeGrowing();
    await syncChannel(world.deps, 'unknown');
    expect(world.droppedConnections).toEqual(['unknown']);
  });

  it('forgets connections that are gone, unless they may still be in the making', async () => {
    const world = await makeGrowing();
    const grant = await granted(createRoom(world.deps, {}));
    await listen(world, grant, 'one');
    world.goneConnections.add('one');
    const room = (await world.store.getRoom(grant.room_id))!;
    const say = () =>
      notifyRoom(world.deps, room, { type: 'room.closed', room_id: grant.room_id, reason: 'gone' });
    await say();
    expect(await world.store.getConnection('one')).toBeDefined();
    world.advance(CONTROL_CONNECTING_MS);
    await say();
    expect(await world.store.getConnection('one')).toBeUndefined();
    expect(await world.store.listConnections(grant.room_id)).toEqual([]);
  });

  it('never keeps a room from its place when nothing can be told', async () => {
    const world = await makeGrowing();
    const grant = await granted(createRoom(world.deps, {}));
    await listen(world, grant, 'one');
    world.pushFails = true;
    await world.addTask('a');
    expect(await granted(resumeClient(world.deps, grant))).toMatchObject({ state: 'open' });
    expect(world.counts.get('pushes_failed')).toBe(1);
    world.store.listConnections = () => Promise.reject(new Error('injected'));
    const other = await granted(createRoom(world.deps, {}));
    await notifyRoom(world.deps, (await world.store.getRoom(other.room_id))!, {
      type: 'room.closed',
      room_id: other.room_id,
      reason: 'gone',
    });
    expect(world.counts.get('pushes_failed')).toBe(2);
  });

  it('tells nobody who listens for an earlier room of the number, nor on a connection that has expired', async () => {
    const world = await makeGrowing();
    const grant = await granted(createRoom(world.deps, {}));
    await listen(world, grant, 'one');
    const room = (await world.store.getRoom(grant.room_id))!;
    const say = (of: typeof room) =>
      notifyRoom(world.deps, of, { type: 'room.closed', room_id: of.room_id, reason: 'gone' });
    await say({ ...room, created_at: room.created_at + 1 });
    expect(told(world)).toEqual([]);
    world.advance(CONTROL_CONNECTION_MS);
    await say(room);
    expect(told(world)).toEqual([]);
  });

  it('asks the tables for nobody where there is no control channel', async () => {
    const world = await makeGrowing();
    const grant = await granted(createRoom(world.deps, {}));
    expect(grant).not.toHaveProperty('control_url');
    world.deps.push = undefined;
    world.store.listConnections = () => Promise.reject(new Error('was asked'));
    await world.addTask('a');
    expect((await granted(resumeClient(world.deps, grant))).state).toBe('open');
    expect(world.counts.get('pushes_failed')).toBeUndefined();
  });
});
