import { beforeEach, describe, expect, it } from 'vitest';
import type { RoomStore } from '../../shared/ports/room-store.ts';
import { idOf, MINUTE, ScaledWorld } from '../support/scaled-world.ts';

/** What `scaleFleet` does over any store. */
export function scaleFleetContract(name: string, makeStore: () => RoomStore): void {
  describe(`scale-fleet ${name}`, () => {
    let scene: ScaledWorld;
    beforeEach(async () => {
      scene = await ScaledWorld.begin(makeStore());
    });

    it('launches as many as there must be, once', async () => {
      expect(await scene.run()).toMatchObject({ kind: 'scaled', actions: 1, faults: 0 });
      expect(scene.arns('starting')).toHaveLength(2);
      expect(await scene.run()).toMatchObject({ actions: 0 });
      await scene.boot();
      expect(await scene.run()).toMatchObject({ actions: 0 });
      expect(scene.fleet.tasks()).toHaveLength(2);
    });

    it('launches for the rooms that wait, which get their places as tasks come up', async () => {
      await scene.rooms(23);
      expect(await scene.pending()).toBe(23);
      await scene.run();
      expect(scene.arns('starting')).toHaveLength(3);
      await scene.boot();
      expect(await scene.pending()).toBe(0);
      expect((await scene.store.listTasks()).reduce((sum, task) => sum + task.rooms, 0)).toBe(23);
    });

    it('takes tasks out that are not needed, and stops them when they are empty', async () => {
      await scene.rooms(35);
      await scene.run();
      await scene.boot();
      for (const task of await scene.store.listTasks()) {
        for (const room of await scene.store.listTaskRooms(task.task_id)) {
          await scene.store.closeRoom(room.room_id, room.epoch);
        }
      }
      await scene.pass(15);
      await scene.run();
      await scene.pass(3);
      await scene.run();
      const all = Object.values(await scene.states()).sort();
      expect(all).toEqual(['READY', 'READY', 'STANDBY', 'STANDBY']);
      expect(await scene.run()).toMatchObject({ actions: 2 });
      expect(scene.arns('stopping')).toHaveLength(2);
      for (const arn of scene.arns('stopping')) {
        expect(await scene.store.getTask(idOf(arn))).toMatchObject({ state: 'DRAINING' });
      }
      for (const arn of scene.arns('stopping')) scene.fleet.ended(arn);
      await scene.pass(1);
      expect(await scene.run()).toMatchObject({ actions: 0 });
    });

    it('gives rooms that wait the places of a task on STANDBY at once', async () => {
      await scene.run();
      const [first] = await scene.boot();
      const task = (await scene.store.getTask(first!))!;
      await scene.store.setTaskState(task, 'READY', 'STANDBY', scene.world.now());
      await scene.rooms(11);
      expect(await scene.pending()).toBe(1);
      await scene.run();
      expect(await scene.pending()).toBe(0);
      expect(Object.values(await scene.states())).toEqual(['READY', 'READY']);
    });

    it('launches nothing twice when the answer to a launch was lost', async () => {
      const { fleet } = scene;
      scene.deps.fleet = {
        ...fleet,
        async launch(...launch) {
          fleet.away = 'answers';
          return fleet.launch(...launch);
        },
      };
      expect(await scene.run()).toMatchObject({ kind: 'scaled', faults: 1 });
      expect(fleet.tasks()).toHaveLength(2);
      fleet.away = undefined;
      scene.deps.fleet = fleet;
      expect(await scene.run()).toMatchObject({ faults: 0 });
      await scene.boot();
      expect(await scene.run()).toMatchObject({ actions: 0 });
      expect(fleet.tasks()).toHaveLength(2);
    });

    it('launches nothing twice when it ended in between', async () => {
      const { store } = scene;
      let writes = 0;
      scene.replace('putScaling', async (...memory) => {
        if (++writes === 2) throw new Error('the process ended');
        return store.putScaling(...memory);
      });
      await expect(scene.run()).rejects.toThrow('the process ended');
      expect(scene.fleet.tasks()).toHaveLength(2);
      scene.deps.store = store;
      await scene.run();
      expect(scene.fleet.tasks()).toHaveLength(2);
      expect((await store.getScaling('relay'))?.memory).toMatchObject({
        starting: [{ task_arn: 'arn:task-0' }, { task_arn: 'arn:task-1' }],
      });
    });

    it('ends a task that has hung, with its rooms, unless it answers when it is asked', async () => {
      await scene.rooms(25);
      await scene.run();
      const ids = await scene.boot();
      const rooms = await Promise.all(ids.map((id) => scene.store.listTaskRooms(id)));
      const hung = ids.find((_, n) => rooms[n]!.length > 0)!;
      const goes_on = async (minutes: number) => {
        scene.world.advance(minutes * MINUTE);
        for (const [id, task] of scene.world.tasks) if (id !== hung) await scene.world.heartbeat(task);
        await scene.run();
        await scene.boot();
      };
      // It serves, and only its heartbeats fail; then the router's calls, too, come to an answer that is none.
      await goes_on(1);
      await goes_on(11);
      scene.world.tasks.get(hung)!.behaviour = 'failing';
      await goes_on(1);
      expect(scene.arns('stopping')).toEqual([]);
      scene.world.tasks.get(hung)!.behaviour = 'silent';
      await goes_on(1);
      expect(scene.arns('stopping')).toEqual([`arn:${hung}`]);
    });

    it('runs once at a time', async () => {
      const now = scene.world.now();
      await scene.store.lockSweep('scale-fleet', 'another', now, now + 1_000);
      expect(await scene.run()).toEqual({ kind: 'locked' });
      await scene.store.unlockSweep('scale-fleet', 'another');
      const results = await Promise.all([scene.run(), scene.run(), scene.run()]);
      expect(results.some(({ kind }) => kind === 'scaled')).toBe(true);
      expect(scene.fleet.tasks()).toHaveLength(2);
    });

    it('gives way to a run that has overtaken it', async () => {
      const { store } = scene;
      await scene.run();
      scene.replace('countPending', async (kind) => {
        const { memory, version } = (await store.getScaling(kind))!;
        await store.putScaling(kind, { ...memory, boots: [1] }, version);
        return store.countPending(kind);
      });
      expect(await scene.run()).toEqual({ kind: 'locked' });
    });

    it('looks again at rooms that began to wait while it ran', async () => {
      const { store } = scene;
      scene.replace('unlockSweep', async (name, owner) => {
        if ((await scene.pending()) === 0) await scene.rooms(21);
        await store.unlockSweep(name, owner);
      });
      await scene.run();
      // Places for those 21, for as many that may come while tasks start, and the margin.
      expect(scene.arns('starting')).toHaveLength(5);
    });
  });
}
