import { beforeEach, describe, expect, it } from 'vitest';
import { memoryRoomStore } from '../../../shared/adapters/memory/store.ts';
import { FleetUnavailable } from '../../../shared/ports/fleet.ts';
import type { RoomStore } from '../../../shared/ports/room-store.ts';
import { fleetMayGrow } from '../../../shared/use-cases/fleet-may-grow.ts';
import { availableTasks } from '../../../shared/use-cases/list-tasks.ts';
import { idOf, MINUTE, ScaledWorld } from '../../support/scaled-world.ts';
import { granted } from '../../support/world.ts';

describe('scale-fleet', () => {
  let scene: ScaledWorld;
  beforeEach(async () => {
    scene = await ScaledWorld.begin(memoryRoomStore());
  });

  /** Whether a room may wait for a task, after the run of so many minutes later. */
  async function growsAfter(minutes: number): Promise<boolean> {
    await scene.pass(minutes);
    await scene.run();
    return fleetMayGrow(scene.deps, 'relay');
  }

  it('tells the operator what it decided', async () => {
    await scene.run();
    const { scaling } = await granted(availableTasks(scene.deps));
    expect(scaling).toHaveLength(1);
    expect(scaling[0]).toMatchObject({ kind: 'relay', actions: ['launch 2 tasks'], wanted: 5 });
    expect(scaling[0]?.reason).toBe('0 places are free; at least 5 should be (5)');
  });

  it('does not launch again what the fleet does not list yet', async () => {
    scene.fleet.listsLate = true;
    await scene.run();
    scene.world.advance(20_000);
    expect(await scene.run()).toMatchObject({ actions: 0 });
    expect(scene.fleet.tasks()).toHaveLength(2);
  });

  it('has the rooms of a task moved that has stood by for too long', async () => {
    scene = await ScaledWorld.begin(memoryRoomStore(), { MIN_TASKS: '3' });
    await scene.run();
    await scene.boot();
    await scene.rooms(2);
    scene.deps.policy = { ...scene.deps.policy, MIN_TASKS: 2 };
    const task = (await scene.store.listTasks()).find((one) => one.rooms > 0)!;
    await scene.store.setTaskState(task, 'READY', 'STANDBY', scene.world.now());
    await scene.pass(9);
    await scene.run();
    expect(await scene.states()).toMatchObject({ [task.task_id]: 'STANDBY' });
    await scene.pass(6);
    await scene.run();
    expect(await scene.states()).toMatchObject({ [task.task_id]: 'DRAINING' });
    expect(scene.arns('stopping')).toEqual([`arn:${task.task_id}`]);
  });

  it('replaces a task that died, at once, also one that had just registered', async () => {
    scene = await ScaledWorld.begin(memoryRoomStore(), { MIN_TASKS: '1' });
    await scene.run();
    const [first] = await scene.boot();
    scene.fleet.killed(`arn:${first}`);
    await scene.run();
    expect(scene.arns('starting')).toHaveLength(1);
  });

  it('replaces tasks of an older version one by one', async () => {
    await scene.run();
    const old = await scene.boot();
    scene.fleet.revise();
    for (let step = 0; step < 8; step++) {
      await scene.run();
      await scene.boot();
      for (const arn of scene.arns('stopping')) scene.fleet.ended(arn);
      await scene.pass(1);
      expect(scene.arns('running').length).toBeGreaterThanOrEqual(2);
    }
    expect(scene.arns('stopped').map(idOf).sort()).toEqual(old.sort());
    expect(scene.fleet.tasks().filter(({ state, outdated }) => state === 'running' && outdated)).toEqual([]);
  });

  it('pauses after a launch that failed, and then tries again; no room waits for nothing', async () => {
    expect(await fleetMayGrow(scene.deps, 'relay')).toBe(true);
    scene.fleet.refuse = 'no_capacity';
    await scene.run();
    expect(await fleetMayGrow(scene.deps, 'relay')).toBe(false);
    scene.fleet.refuse = undefined;
    scene.world.advance(14_000);
    expect(await scene.run()).toMatchObject({ decisions: [{ limited: 'backoff' }] });
    expect(scene.fleet.tasks()).toEqual([]);
    scene.world.advance(1_000);
    await scene.run();
    expect(scene.fleet.tasks()).toHaveLength(2);
    expect(await fleetMayGrow(scene.deps, 'relay')).toBe(true);
  });

  it('pauses when what it launches never registers', async () => {
    await scene.run();
    for (const arn of scene.arns('starting')) scene.fleet.killed(arn);
    expect(await scene.run()).toMatchObject({ decisions: [{ limited: 'backoff' }] });
    expect(scene.fleet.tasks()).toHaveLength(2);
    const [decision] = (await scene.store.getScaling('relay'))!.memory.decisions;
    expect(decision?.reason).toContain('2 of the launched tasks never registered');
  });

  it('stops a task that never registers', async () => {
    await scene.run();
    for (const arn of scene.arns('starting')) scene.fleet.started(arn);
    scene.world.advance(10 * MINUTE);
    await scene.run();
    expect(scene.arns('stopping')).toHaveLength(2);
  });

  it('changes nothing when the fleet cannot be listed', async () => {
    scene.fleet.away = 'away';
    expect(await scene.run()).toEqual({ kind: 'fleet_unavailable' });
    expect((await scene.store.getScaling('relay'))?.memory.decisions).toEqual([]);
  });

  it('lets no room wait while launches have had no answer for two minutes', async () => {
    const { fleet } = scene;
    const away = (): Promise<never> => Promise.reject(new FleetUnavailable('the fleet launches nothing'));
    scene.deps.fleet = { ...fleet, launch: away };
    expect(await scene.run()).toMatchObject({ kind: 'scaled', faults: 1 });
    expect([await growsAfter(1), await growsAfter(1)]).toEqual([true, false]);
    // The launch that has no answer is given up after ten minutes, and the next one has none either.
    expect(await growsAfter(10)).toBe(false);
    scene.deps.fleet = fleet;
    await scene.run();
    expect(fleet.tasks()).toHaveLength(2);
    expect(await fleetMayGrow(scene.deps, 'relay')).toBe(true);
    expect((await scene.store.getScaling('relay'))?.memory.unanswered_since).toBeUndefined();
  });

  it('forgets that launches had no answer when none is needed any more', async () => {
    const { fleet } = scene;
    scene.deps.fleet = { ...fleet, launch: () => Promise.reject(new FleetUnavailable('away')) };
    await scene.run();
    scene.deps.policy = { ...scene.deps.policy, MIN_TASKS: 0, UPSCALE_MARGIN: { places: 0, percent: 0 } };
    await scene.pass(11);
    await scene.run();
    expect((await scene.store.getScaling('relay'))?.memory.unanswered_since).toBeUndefined();
    expect(await fleetMayGrow(scene.deps, 'relay')).toBe(true);
  });

  it('gives rooms the places of a task that takes rooms again while more is launched', async () => {
    await scene.run();
    const [first] = await scene.boot();
    const task = (await scene.store.getTask(first!))!;
    await scene.store.setTaskState(task, 'READY', 'STANDBY', scene.world.now());
    await scene.rooms(20);
    expect(await scene.pending()).toBe(10);
    const { fleet } = scene;
    scene.deps.fleet = {
      ...fleet,
      async launch(...launch) {
        await expect.poll(() => scene.pending()).toBe(0);
        return fleet.launch(...launch);
      },
    };
    await scene.run();
    expect(scene.arns('starting').length).toBeGreaterThan(0);
  });

  it('begins no round that its time may not be enough for, and leaves no lock behind it', async () => {
    const { store } = scene;
    const locks: number[] = [];
    const begun = scene.world.now();
    let took = 5_000;
    const changed: Partial<RoomStore> = {
      lockSweep(name, owner, now, until) {
        locks.push(until);
        return store.lockSweep(name, owner, now, until);
      },
      // More begin to wait during each round.
      async countPending(kind, after) {
        scene.world.advance(took);
        await scene.rooms(1);
        return store.countPending(kind, after);
      },
    };
    scene.deps.store = new Proxy(store, {
      get: (target, of: keyof RoomStore) => changed[of] ?? target[of],
    });
    await scene.run();
    expect(locks).toEqual([55_000, 55_000, 55_000].map((ms) => begun + ms));
    took = 21_000;
    locks.length = 0;
    await scene.run();
    expect(locks).toHaveLength(1);
  });

  it('launches nothing for rooms that have waited for too long', async () => {
    scene = await ScaledWorld.begin(memoryRoomStore(), {
      MIN_TASKS: '0',
      UPSCALE_MARGIN: '0',
      DOWNSCALE_MARGIN: '20',
    });
    await scene.rooms(30);
    expect(await scene.pending()).toBe(30);
    scene.world.advance(scene.deps.policy.PENDING_LIMIT);
    expect(await scene.run()).toMatchObject({ actions: 0 });
    expect(scene.fleet.tasks()).toEqual([]);
  });

  it('lets no room wait while the fleet has not been listed for two minutes', async () => {
    scene.fleet.away = 'away';
    await scene.run();
    expect([await growsAfter(1), await growsAfter(1)]).toEqual([true, false]);
    scene.fleet.away = undefined;
    await scene.run();
    expect(await fleetMayGrow(scene.deps, 'relay')).toBe(true);
    scene.fleet.away = 'away';
    await scene.pass(1);
    await scene.run();
    expect(await fleetMayGrow(scene.deps, 'relay')).toBe(true);
  });

  it('takes nothing out and replaces nothing while leases run out together', async () => {
    await scene.run();
    await scene.boot();
    scene.world.advance(2 * MINUTE);
    expect(await scene.run()).toMatchObject({ actions: 0, decisions: [{ limited: 'outage' }] });
    expect(scene.fleet.tasks()).toHaveLength(2);
    await scene.pass(0);
    expect(await scene.run()).toMatchObject({ actions: 0 });
  });

  it('leaves the backup task alone', async () => {
    scene = await ScaledWorld.begin(memoryRoomStore(), { BACKUP_TASK: 'backup', MIN_TASKS: '0' });
    await scene.world.addTask('backup', { room_capacity: 10 });
    expect(await scene.run()).toMatchObject({ decisions: [{ free: 0, tasks: { READY: 0 } }] });
    expect(scene.arns('starting')).toHaveLength(1);
  });

  it('does nothing where something else launches the tasks', async () => {
    scene = await ScaledWorld.begin(memoryRoomStore(), { MIN_TASKS: '0', MAX_TASKS: '0' });
    expect(await scene.run()).toEqual({ kind: 'off' });
    expect(scene.fleet.tasks()).toEqual([]);
  });
});
