import { describe, expect, it } from 'vitest';
import { ticketMatches } from '../../../shared/domain/ticket.ts';
import { createRoom } from '../../../shared/use-cases/create-room.ts';
import { granted, makeWorld, refused, START } from '../../support/world.ts';

describe('create-room', () => {
  it('grants a seat on a live task, where the pair is registered', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await granted(createRoom(world.deps, { max_clients: 3 }));

    expect(grant).toMatchObject({ url: task.url, max_clients: 3, state: 'open', expires_at: START + 30_000 });
    expect(grant.room_id).toMatch(/^[0-9]{5}$/);
    const registered = task.registers[0]!;
    expect(registered).toMatchObject({ room_id: grant.room_id, epoch: grant.epoch, max_clients: 3 });
    expect(registered.clients[0]).toMatchObject({ client_id: grant.client_id, generation: 1 });
    expect(ticketMatches(grant.ticket, registered.clients[0]!.ticket_hash)).toBe(true);
    expect(JSON.stringify(registered)).not.toContain(grant.ticket);
  });

  it('takes MAX_CLIENTS where the request names no number', async () => {
    const world = await makeWorld({ MAX_CLIENTS: '7' });
    await world.addTask('a');
    expect((await granted(createRoom(world.deps, {}))).max_clients).toBe(7);
  });

  it('refuses more seats than the deployment allows, naming the field and the limit', async () => {
    const world = await makeWorld({ MAX_CLIENTS: '7' });
    await world.addTask('a');
    const refusal = await refused(createRoom(world.deps, { max_clients: 8 }));
    expect(refusal).toMatchObject({
      code: 'invalid_request',
      faults: [{ path: 'max_clients', message: 'must be at most 7 here' }],
    });
  });

  it('refuses a kind that is not served here', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    expect(await refused(createRoom(world.deps, { kind: 'render' }))).toMatchObject({
      code: 'invalid_request',
      faults: [{ path: 'kind' }],
    });
  });

  it('answers no_task_available with Retry-After when there is no task', async () => {
    const world = await makeWorld();
    expect(await refused(createRoom(world.deps, {}))).toMatchObject({
      code: 'no_task_available',
      retry_after_s: 2,
    });
  });

  it('never places on a task whose lease has run out', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    world.advance(30_001);
    expect((await refused(createRoom(world.deps, {}))).code).toBe('no_task_available');
  });

  it.each(['unreachable', 'silent', 'draining', 'failing'] as const)(
    'undoes the room and takes another task when the first is %s',
    async (behaviour) => {
      const world = await makeWorld();
      const [bad, good] = [await world.addTask('a'), await world.addTask('b')];
      bad.behaviour = behaviour;
      for (let i = 0; i < 8; i++) expect((await granted(createRoom(world.deps, {}))).url).toBe(good.url);
      expect((await world.store.getTask('a'))?.rooms).toBe(0);
      expect(await world.store.listTaskRooms('a')).toEqual([]);
      expect((await world.store.getTask('b'))?.rooms).toBe(8);
    },
  );

  it('looks for no fourth task', async () => {
    const world = await makeWorld();
    for (const task_id of ['a', 'b', 'c', 'd']) (await world.addTask(task_id)).behaviour = 'failing';
    let looks = 0;
    const store = new Proxy(world.store, {
      get(target, name) {
        if (name === 'placementCandidates') looks++;
        return Reflect.get(target, name) as unknown;
      },
    });
    expect((await refused(createRoom({ ...world.deps, store }, {}))).code).toBe('no_task_available');
    expect(looks).toBe(3);
  });

  it('fences a register that was carried out though its answer was lost: the next heartbeat says so', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    task.behaviour = 'lost';
    expect((await refused(createRoom(world.deps, {}))).code).toBe('no_task_available');
    const [room_id, room] = [...task.rooms][0]!;
    task.behaviour = 'up';
    const answer = await granted(world.heartbeat(task));
    expect(answer.not_owned).toEqual([{ room_id, epoch: room.epoch }]);
  });

  it('tries at most three tasks', async () => {
    const world = await makeWorld();
    for (const id of ['a', 'b', 'c', 'd', 'e']) (await world.addTask(id)).behaviour = 'unreachable';
    expect((await refused(createRoom(world.deps, {}))).code).toBe('no_task_available');
    expect(world.counts.get('registers_failed')).toBe(3);
  });

  it('takes a task out of placement once the fleet says that it is stopped', async () => {
    const world = await makeWorld();
    (await world.addTask('a')).behaviour = 'unreachable';
    world.fleet.set('arn:a', 'stopped');
    expect((await refused(createRoom(world.deps, {}))).code).toBe('no_task_available');
    expect((await world.store.getTask('a'))?.state).toBe('STOPPED');
  });

  it('admits exactly MAX_ROOMS of 200 simultaneous creates and refuses the others with Retry-After', async () => {
    const world = await makeWorld({ MAX_ROOMS: '50' });
    await world.addTask('a', { room_capacity: 200 });
    await world.addTask('b', { room_capacity: 200 });
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => createRoom(world.deps, {})));
    const codes = outcomes.map((outcome) => (outcome.ok ? 'created' : outcome.refusal.code));
    expect(codes.filter((code) => code === 'created')).toHaveLength(50);
    expect(codes.filter((code) => code === 'rooms_exhausted')).toHaveLength(150);
    expect(outcomes.every((outcome) => outcome.ok || outcome.refusal.retry_after_s === 10)).toBe(true);
  });

  it('fills every place of the fleet before it says that there is none', async () => {
    const world = await makeWorld();
    for (const id of ['a', 'b', 'c']) await world.addTask(id, { room_capacity: 5 });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => createRoom(world.deps, {})));
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(15);
    for (const id of ['a', 'b', 'c']) expect((await world.store.getTask(id))?.rooms).toBe(5);
  });

  it('fills tasks one by one with PLACEMENT=packed', async () => {
    const world = await makeWorld({ PLACEMENT: 'packed' });
    for (const id of ['a', 'b', 'c']) await world.addTask(id, { room_capacity: 5 });
    for (let i = 0; i < 7; i++) await granted(createRoom(world.deps, {}));
    const rooms = await Promise.all(
      ['a', 'b', 'c'].map(async (id) => (await world.store.getTask(id))?.rooms),
    );
    expect(rooms.toSorted((x, y) => x! - y!)).toEqual([0, 2, 5]);
  });
});
