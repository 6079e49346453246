import { describe, expect, it, vi } from 'vitest';
import { createRoom } from '../../../shared/use-cases/create-room.ts';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import { resumeClient } from '../../../shared/use-cases/resume-client.ts';
import { updateTasks } from '../../../shared/use-cases/update-tasks.ts';
import { SimulatedTask } from '../../support/simulated-task.ts';
import {
  connect,
  connectedRoom,
  granted,
  makeWorld,
  refused,
  START,
  type World,
} from '../../support/world.ts';

/** The leases of all tasks but `dead` are renewed after `ms`. */
async function pass(world: World, ms: number, ...dead: string[]): Promise<void> {
  world.advance(ms);
  for (const task of world.tasks.values()) {
    if (!dead.includes(task.task_id)) await granted(world.heartbeat(task));
  }
}

describe('update-tasks', () => {
  it('prunes a task that is stopped: rooms with live clients are re-homed, the others closed', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const live = await connectedRoom(world);
    const abandoned = await granted(createRoom(world.deps, {}));
    const other = await world.addTask('b');
    world.taskOf(live).behaviour = 'unreachable';
    world.fleet.set('arn:a', 'stopped');
    await pass(world, 61_000, 'a');

    expect(await updateTasks(world.deps)).toEqual({
      kind: 'swept',
      pruned: 1,
      reconciled: 1,
      faults: 0,
      held: undefined,
    });
    expect(await world.store.getTask('a')).toBeUndefined();
    expect(await world.store.getRoom(live.room_id)).toMatchObject({ task_id: 'b', epoch: live.epoch + 1 });
    expect([...other.rooms.get(live.room_id)!.clients.keys()]).toEqual([live.client_id]);
    expect(await world.store.getRoom(abandoned.room_id)).toBeUndefined();
    expect((await world.store.getTask('b'))?.rooms).toBe(1);
  });

  it.each([
    ['its lease is valid though the fleet says stopped', 10_000, 'stopped'],
    ['the fleet says that it runs though its lease has run out', 61_000, 'running'],
    ['the fleet says that it is stopping', 61_000, 'stopping'],
  ] as const)('leaves a task alone when %s', async (_name, ms, state) => {
    const world = await makeWorld();
    await world.addTask('a');
    await world.addTask('b');
    await world.addTask('c');
    world.fleet.set('arn:a', state);
    await pass(world, ms, 'a');
    expect(await updateTasks(world.deps)).toMatchObject({ kind: 'swept', pruned: 0 });
    expect(await world.store.getTask('a')).toBeDefined();
  });

  it('prunes a task that the fleet does not know', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    await world.addTask('b');
    world.fleet.delete('arn:a');
    world.tasks.get('a')!.behaviour = 'unreachable';
    await pass(world, 31_000, 'a');
    expect(await updateTasks(world.deps)).toMatchObject({ pruned: 1 });
  });

  it('never prunes a task that still answers: then its heartbeats are what fails', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    await connectedRoom(world);
    await world.addTask('b');
    world.fleet.delete('arn:a');
    await pass(world, 3_600_000, 'a');
    expect(await updateTasks(world.deps)).toMatchObject({ pruned: 0 });
    expect((await world.store.getTask('a'))?.rooms).toBe(1);
  });

  it('takes a task out of placement that the fleet calls stopped, before its lease runs out', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    world.fleet.set('arn:a', 'stopped');
    expect(await updateTasks(world.deps)).toMatchObject({ pruned: 0, reconciled: 0 });
    expect((await world.store.getTask('a'))?.state).toBe('STOPPED');
    expect((await refused(createRoom(world.deps, {}))).code).toBe('no_task_available');
  });

  it('goes on with the other rooms when one fails', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const rooms = [await connectedRoom(world), await connectedRoom(world), await connectedRoom(world)];
    task.rooms.clear();
    await pass(world, 26_000);
    const read = world.store.getRoomWithClients.bind(world.store);
    vi.spyOn(world.store, 'getRoomWithClients').mockImplementation(async (room_id) => {
      if (room_id === rooms[0]!.room_id) throw new Error('injected');
      return read(room_id);
    });
    expect(await updateTasks(world.deps)).toMatchObject({ kind: 'swept', faults: 1 });
    expect([...task.rooms.keys()].sort()).toEqual(
      rooms
        .slice(1)
        .map(({ room_id }) => room_id)
        .sort(),
    );
  });

  it('never closes a room that somebody joins while the sweep looks at it', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = await makeWorld({}, { seed, yielding: true });
      await world.addTask('a');
      const room = await granted(createRoom(world.deps, {}));
      // The reservation is over, its task has dropped it, but could not say so.
      world.taskOf(room).rooms.clear();
      await pass(world, 61_000);
      const [joined] = await Promise.all([joinRoom(world.deps, room), updateTasks(world.deps)]);
      const present = await world.store.getRoomWithClients(room.room_id);
      // Either the room was closed before the join, or the one who joined has a seat.
      const seats = present?.clients.map((client) => client.client_id);
      expect(seats).toEqual(joined.ok ? [joined.value.client_id] : undefined);
    }
  });

  it('keeps the seats of those whom a task that began anew does not know yet', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const first = await connectedRoom(world);
    const second = await granted(joinRoom(world.deps, first));
    world.advance(10_000);
    await connect(world, second);
    // The same id, another process: its memory is empty, and the first to come back is registered alone.
    world.advance(20_000);
    task.rooms.clear();
    task.started_at = world.now();
    await granted(resumeClient(world.deps, first));
    await pass(world, 1_000);
    await updateTasks(world.deps);
    expect((await world.store.getRoom(first.room_id))?.clients).toBe(2);
    await granted(resumeClient(world.deps, second));
  });

  it('changes nothing when the fleet cannot be listed', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    await connectedRoom(world);
    world.fleet.clear();
    world.fleetFails = true;
    world.advance(3_600_000);
    expect(await updateTasks(world.deps)).toEqual({ kind: 'fleet_unavailable' });
    expect((await world.store.getTask('a'))?.rooms).toBe(1);
    world.fleetFails = false;
    expect((await updateTasks(world.deps)).kind).toBe('swept');
  });

  it('holds still when more than a third of the leases run out together unexplained', async () => {
    const world = await makeWorld();
    for (const id of ['a', 'b', 'c', 'd']) await world.addTask(id);
    for (const id of ['a', 'b']) world.tasks.get(id)!.behaviour = 'unreachable';
    world.fleet.clear();
    await pass(world, 31_000, 'a', 'b');
    expect(await updateTasks(world.deps)).toMatchObject({
      pruned: 0,
      held: expect.stringContaining('2 of 4'),
    });
    expect(world.counts.get('sweeps_held')).toBe(1);
    // It was no passing outage: after ten minutes the fleet's word stands alone.
    await pass(world, 600_000, 'a', 'b');
    expect(await updateTasks(world.deps)).toMatchObject({ pruned: 2, held: undefined });
  });

  it('keeps the record while its rooms find no other task, and ends it in a later sweep', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const live = await connectedRoom(world);
    world.taskOf(live).behaviour = 'unreachable';
    world.fleet.set('arn:a', 'stopped');
    world.advance(31_000);
    expect(await updateTasks(world.deps)).toMatchObject({ pruned: 0 });
    expect((await world.store.getTask('a'))?.rooms).toBe(1);
    await world.addTask('b');
    expect(await updateTasks(world.deps)).toMatchObject({ pruned: 1 });
    expect((await world.store.getRoom(live.room_id))?.task_id).toBe('b');
  });

  it('runs one at a time', async () => {
    const world = await makeWorld();
    await world.store.lockSweep('update-tasks', 'another', world.now(), world.now() + 55_000);
    expect(await updateTasks(world.deps)).toEqual({ kind: 'locked' });
    world.advance(55_001);
    expect((await updateTasks(world.deps)).kind).toBe('swept');
    expect((await updateTasks(world.deps)).kind).toBe('swept');
  });

  it('removes a seat that its task no longer holds, and closes the room with the last one', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await granted(createRoom(world.deps, {}));
    world.advance(6_000);
    await connect(world, grant);
    task.rooms.get(grant.room_id)!.clients.clear();
    await pass(world, 26_000);
    await updateTasks(world.deps);
    expect(await world.store.getRoom(grant.room_id)).toBeUndefined();
    expect((await world.store.getTask('a'))?.rooms).toBe(0);
  });

  it('registers a room again that its task does not know', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await connectedRoom(world);
    task.rooms.clear();
    await pass(world, 26_000);
    await updateTasks(world.deps);
    expect(task.client(grant.room_id, grant.client_id).generation).toBe(1);
  });

  it('tells a task to forget a client that has no seat', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await connectedRoom(world);
    const ghost = '00000000-0000-4000-8000-000000000000';
    task.rooms.get(grant.room_id)!.clients.set(ghost, { generation: 1, connected: true, connect_by: 0 });
    await pass(world, 26_000);
    await updateTasks(world.deps);
    expect([...task.rooms.get(grant.room_id)!.clients.keys()]).toEqual([grant.client_id]);
  });

  it('brings the generation of a client up to date whose resume was lost on the way', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await connectedRoom(world);
    const { room, client } = await world.store.getRoomAndClient(grant.room_id, grant.client_id);
    await world.store.resumeClient(room!, client!, START + 60_000, world.now());
    await pass(world, 26_000);
    await updateTasks(world.deps);
    expect(task.client(grant.room_id, grant.client_id).generation).toBe(2);
  });

  it('leaves alone what is younger than the snapshot', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await connectedRoom(world);
    await pass(world, 26_000);
    const joined = await granted(joinRoom(world.deps, grant));
    task.rooms.get(grant.room_id)!.clients.delete(joined.client_id);
    const fresh = await granted(createRoom(world.deps, {}));
    task.rooms.delete(fresh.room_id);
    await updateTasks(world.deps);
    expect((await world.store.getRoom(grant.room_id))?.clients).toBe(2);
    expect(await world.store.getRoom(fresh.room_id)).toBeDefined();
    expect(task.rooms.has(fresh.room_id)).toBe(false);
  });

  it('extends a room while somebody is connected, and closes it after its time when no seat is left', async () => {
    const world = await makeWorld({ ROOM_TTL: '10m' });
    const task = await world.addTask('a');
    const grant = await connectedRoom(world);
    await pass(world, 301_000);
    await updateTasks(world.deps);
    expect((await world.store.getRoom(grant.room_id))?.expires_at).toBe(world.now() + 600_000);

    task.client(grant.room_id, grant.client_id).connected = false;
    await pass(world, 600_001);
    expect((await refused(joinRoom(world.deps, grant))).code).toBe('room_not_found');
    await updateTasks(world.deps);
    // Who has lost its connection may still come back within the grace.
    expect(await world.store.getRoom(grant.room_id)).toBeDefined();
    task.rooms.get(grant.room_id)!.clients.clear();
    await updateTasks(world.deps);
    expect(await world.store.getRoom(grant.room_id)).toBeUndefined();
    expect((await granted(world.heartbeat(task))).not_owned).toHaveLength(1);
  });

  it('does nothing to rooms in which all is well', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const grant = await connectedRoom(world);
    await connect(world, await granted(joinRoom(world.deps, grant)));
    await pass(world, 26_000);
    await updateTasks(world.deps);
    expect(world.counts.get('repairs')).toBeUndefined();
  });

  it('reconciles a task that still answers though it has no lease, and the fleet does not know it', async () => {
    const world = await makeWorld({ ROOM_TTL: '10m' });
    await world.addTask('a');
    const grant = await connectedRoom(world);
    world.fleet.delete('arn:a');
    world.advance(301_000);
    expect(await updateTasks(world.deps)).toMatchObject({ pruned: 0 });
    expect((await world.store.getRoom(grant.room_id))?.expires_at).toBe(world.now() + 600_000);
  });

  it('prunes the record of a process though another one answers under its id', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    world.fleet.delete('arn:a');
    task.started_at -= 5_000;
    await pass(world, 31_000, 'a');
    expect(await updateTasks(world.deps)).toMatchObject({ pruned: 1 });
    expect(await granted(world.heartbeat(task))).toMatchObject({ state: 'READY' });
  });

  it('moves the rooms of a process that began anew elsewhere under the same id', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const grant = await connectedRoom(world);
    const anew = new SimulatedTask('a', 'ws://127.0.0.1:5999', START + 1_000);
    world.tasks.set('a', anew);
    expect(task.url).not.toBe(anew.url);
    await pass(world, 26_000);
    await updateTasks(world.deps);
    expect(await world.store.getRoom(grant.room_id)).toMatchObject({ url: anew.url, epoch: grant.epoch + 1 });
    expect((await granted(resumeClient(world.deps, grant))).url).toBe(anew.url);
    expect((await world.store.getTask('a'))?.rooms).toBe(1);
  });
});
