import { describe, expect, it, vi } from 'vitest';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import { removeClient } from '../../../shared/use-cases/remove-client.ts';
import { resumeClient } from '../../../shared/use-cases/resume-client.ts';
import { SimulatedTask } from '../../support/simulated-task.ts';
import { START, connect, connectedRoom, granted, makeWorld, refused } from '../../support/world.ts';

describe('join-room that resumes', () => {
  it('keeps id, ticket and seat, and bumps the generation', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const first = await connectedRoom(world, 1);
    const again = await granted(resumeClient(world.deps, first));
    expect(again).toMatchObject({ client_id: first.client_id, ticket: first.ticket, url: first.url });
    expect(task.client(first.room_id, first.client_id).generation).toBe(2);
    expect((await world.store.getRoom(first.room_id))?.clients).toBe(1);
  });

  it('gives one answer for an unknown client and a wrong ticket', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world);
    const second = await granted(joinRoom(world.deps, first));
    const wrong = await refused(resumeClient(world.deps, { ...first, ticket: second.ticket }));
    const unknown = await refused(
      resumeClient(world.deps, { ...first, client_id: '00000000-0000-4000-8000-000000000000' }),
    );
    expect(wrong.code).toBe('client_not_found');
    expect(unknown).toEqual(wrong);
  });

  it('ignores the removal of an older connection', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world);
    await granted(resumeClient(world.deps, first));
    expect(await granted(removeClient(world.deps, { ...first, generation: 1 }))).toEqual({ removed: false });
    expect(await granted(removeClient(world.deps, { ...first, generation: 2 }))).toEqual({ removed: true });
    expect(await granted(removeClient(world.deps, { ...first, generation: 2 }))).toEqual({ removed: false });
  });

  it('promises the seat at a new task no longer than that task keeps it', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world);
    const other = await world.addTask('b');
    world.taskOf(first).behaviour = 'unreachable';
    const { tasks } = world.deps;
    world.deps.tasks = {
      ...tasks,
      register: async (address, request) => {
        const answer = await tasks.register(address, request);
        world.advance(1_000);
        return answer;
      },
    };
    const again = await granted(resumeClient(world.deps, first));
    expect(again.expires_at).toBe(other.client(first.room_id, first.client_id).connect_by);
  });

  it('brings everybody of a dead task together on one other task, at one epoch', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world, 10);
    const others = await Promise.all(Array.from({ length: 9 }, () => granted(joinRoom(world.deps, first))));
    for (const grant of others) await connect(world, grant);
    await world.addTask('b');
    await world.addTask('c');
    world.taskOf(first).behaviour = 'unreachable';

    const resumed = await Promise.all(
      [first, ...others].map((grant) => granted(resumeClient(world.deps, grant))),
    );
    expect(new Set(resumed.map((grant) => grant.url)).size).toBe(1);
    expect(new Set(resumed.map((grant) => grant.epoch))).toEqual(new Set([first.epoch + 1]));
    expect(world.counts.get('rooms_rehomed')).toBe(1);
    expect(world.taskOf(resumed[0]!).rooms.get(first.room_id)!.clients.size).toBe(10);
    const rooms = await Promise.all(
      ['a', 'b', 'c'].map(async (id) => (await world.store.getTask(id))?.rooms),
    );
    expect(rooms.toSorted((x, y) => x! - y!)).toEqual([0, 0, 1]);
  });

  it('holds a silent task for dead only after two timed-out registers of which one was of a resuming client', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world);
    const other = await world.addTask('b');
    world.taskOf(first).behaviour = 'silent';
    // Two joins time out: no resuming client among them, so the task may just be slow.
    expect((await refused(joinRoom(world.deps, first))).code).toBe('no_task_available');
    expect((await refused(joinRoom(world.deps, first))).code).toBe('no_task_available');
    expect(await granted(resumeClient(world.deps, first))).toMatchObject({ url: other.url });
  });

  it('forgets earlier silence with the next heartbeat', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const first = await connectedRoom(world);
    await world.addTask('b');
    task.behaviour = 'silent';
    expect((await refused(joinRoom(world.deps, first))).code).toBe('no_task_available');
    await world.heartbeat(task);
    expect((await refused(resumeClient(world.deps, first))).code).toBe('no_task_available');
    task.behaviour = 'up';
    expect(await granted(resumeClient(world.deps, first))).toMatchObject({ url: task.url });
  });

  it('holds a silent task for dead at once when the fleet says stopped, or its lease has run out', async () => {
    for (const end of ['stopped', 'lease'] as const) {
      const world = await makeWorld();
      const task = await world.addTask('a');
      const first = await connectedRoom(world);
      const other = await world.addTask('b');
      task.behaviour = 'silent';
      if (end === 'stopped') world.fleet.set('arn:a', 'stopped');
      else {
        world.advance(31_000);
        await world.heartbeat(other);
      }
      expect(await granted(resumeClient(world.deps, first))).toMatchObject({ url: other.url });
    }
  });

  it('moves the room off a task that drains and does not hold it', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const first = await connectedRoom(world);
    const other = await world.addTask('b');
    task.rooms.clear();
    task.behaviour = 'draining';
    expect(await granted(resumeClient(world.deps, first))).toMatchObject({
      url: other.url,
      epoch: first.epoch + 1,
    });
  });

  it('goes on when the task it was moved to is dead as well', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const first = await connectedRoom(world);
    const second = await world.addTask('b');
    second.behaviour = 'unreachable';
    task.behaviour = 'unreachable';
    expect((await refused(resumeClient(world.deps, first))).code).toBe('no_task_available');
    const third = await world.addTask('c');
    expect(await granted(resumeClient(world.deps, first))).toMatchObject({ url: third.url });
    const rooms = await Promise.all(
      ['a', 'b', 'c'].map(async (id) => (await world.store.getTask(id))?.rooms),
    );
    expect(rooms).toEqual([0, 0, 1]);
  });

  it('does not wait for a silent task that has said itself that it is stopped', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const first = await connectedRoom(world);
    const other = await world.addTask('b');
    await granted(world.heartbeat(task, { state: 'STOPPED' }));
    task.behaviour = 'silent';
    expect(await granted(resumeClient(world.deps, first))).toMatchObject({ url: other.url });
  });

  it('finds a process that began anew elsewhere under the same id', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world);
    const anew = new SimulatedTask('a', 'ws://127.0.0.1:5999', START + 1_000);
    world.tasks.set('a', anew);
    await granted(world.heartbeat(anew));
    expect((await granted(resumeClient(world.deps, first))).url).toBe(anew.url);
  });

  it('of many that come back from a dead task hardly any asks the fleet, whose calls are few', async () => {
    const world = await makeWorld();
    const dead = await world.addTask('a');
    const rooms = [];
    for (let n = 0; n < 20; n++) rooms.push(await connectedRoom(world));
    await world.addTask('b');
    world.fleet.set('arn:a', 'stopped');
    const describes = vi.spyOn(world.deps.fleet, 'describe');
    dead.behaviour = 'unreachable';
    for (const room of rooms.slice(0, 10)) {
      expect(await granted(resumeClient(world.deps, room))).toMatchObject({ epoch: room.epoch + 1 });
    }
    expect(describes).toHaveBeenCalledTimes(0);
    // Who joins asks, so that nobody else is sent there.
    await granted(joinRoom(world.deps, rooms[10]!));
    expect(describes).toHaveBeenCalledTimes(1);
    expect((await world.store.getTask('a'))?.state).toBe('STOPPED');
    expect(await granted(resumeClient(world.deps, rooms[11]!))).toMatchObject({
      epoch: rooms[11]!.epoch + 1,
    });
    expect(describes).toHaveBeenCalledTimes(1);
  });

  it('of many that a silent task does not answer one or two ask the fleet', async () => {
    const world = await makeWorld();
    const dead = await world.addTask('a');
    const rooms = [];
    for (let n = 0; n < 10; n++) rooms.push(await connectedRoom(world));
    await world.addTask('b');
    const describes = vi.spyOn(world.deps.fleet, 'describe');
    dead.behaviour = 'silent';
    await refused(resumeClient(world.deps, rooms[0]!));
    for (const room of rooms.slice(1)) await granted(resumeClient(world.deps, room));
    expect(describes).toHaveBeenCalledTimes(2);
  });
});
