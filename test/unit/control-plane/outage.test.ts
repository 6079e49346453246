/** An outage of ours: many leases run out together, though their tasks are well. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Grant } from '../../../shared/protocol/api.ts';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import { resumeClient } from '../../../shared/use-cases/resume-client.ts';
import { updateTasks } from '../../../shared/use-cases/update-tasks.ts';
import type { SimulatedTask } from '../../support/simulated-task.ts';
import { connectedRoom, granted, makeWorld, refused, type World } from '../../support/world.ts';

describe('while more than a third of the leases have run out together', () => {
  let world: World;
  let room: Grant;
  let task: SimulatedTask;
  /** Tasks whose calls to the router fail, and those whose calls come through. */
  let cut_off: SimulatedTask[];
  let well: SimulatedTask[];

  beforeEach(async () => {
    world = await makeWorld();
    task = await world.addTask('a');
    room = await connectedRoom(world);
    cut_off = [task, await world.addTask('b')];
    well = [await world.addTask('c'), await world.addTask('d')];
    world.advance(31_000);
    for (const one of well) await granted(world.heartbeat(one));
  });

  const epoch = async () => (await world.store.getRoom(room.room_id))?.epoch;

  it('a task that answers the router keeps its rooms, and takes joins and resumes', async () => {
    expect(await granted(joinRoom(world.deps, room))).toMatchObject({ url: task.url, epoch: room.epoch });
    expect(await granted(resumeClient(world.deps, room))).toMatchObject({
      url: task.url,
      epoch: room.epoch,
    });
  });

  it('a silent task keeps its rooms, whoever joins, and whoever resumes once', async () => {
    task.behaviour = 'silent';
    for (let n = 0; n < 3; n++) {
      expect((await refused(joinRoom(world.deps, room))).code).toBe('no_task_available');
    }
    expect(await epoch()).toBe(room.epoch);
    // A client that has lost its connection, too, and silence before: that is the task's own.
    expect(await granted(resumeClient(world.deps, room))).toMatchObject({ epoch: room.epoch + 1 });
  });

  it('one timed-out register of a resuming client moves nothing', async () => {
    task.behaviour = 'silent';
    expect((await refused(resumeClient(world.deps, room))).code).toBe('no_task_available');
    expect(await epoch()).toBe(room.epoch);
    task.behaviour = 'up';
    expect(await granted(resumeClient(world.deps, room))).toMatchObject({ url: task.url });
  });

  it('a lease that has run out counts again once the others are back', async () => {
    task.behaviour = 'silent';
    for (const one of cut_off.slice(1)) await granted(world.heartbeat(one));
    expect(await granted(resumeClient(world.deps, room))).toMatchObject({ epoch: room.epoch + 1 });
  });

  it('nobody being there is death all the same', async () => {
    task.behaviour = 'unreachable';
    expect(await granted(resumeClient(world.deps, room))).toMatchObject({ epoch: room.epoch + 1 });
  });

  it('a sweep moves nothing, and reconciles those who are well', async () => {
    for (const one of cut_off) one.behaviour = 'silent';
    world.fleet.clear();
    expect(await updateTasks(world.deps)).toMatchObject({
      pruned: 0,
      reconciled: 2,
      held: expect.stringContaining('2 of 4'),
    });
    expect(await epoch()).toBe(room.epoch);
  });
});
