import { expect, it } from 'vitest';
import { emptyMemory, type ScalingMemory } from '../../../shared/domain/scaling-types.ts';
import type { TaskState } from '../../../shared/domain/task.ts';
import { aRoom, aTask, contractGroup, NOW, report, times, type MakeStore } from './fixtures.ts';

const MOVES: [TaskState, TaskState][] = [
  ['READY', 'STANDBY'],
  ['STANDBY', 'READY'],
  ['STANDBY', 'DRAINING'],
  ['READY', 'DRAINING'],
];

const memory = (more: Partial<ScalingMemory> = {}): ScalingMemory => ({ ...emptyMemory(), ...more });

export function scalingContract(make: MakeStore): void {
  contractGroup('setTaskState', make, (store) => {
    const candidates = () => store.placementCandidates('eu-central-1', 'relay', 5, NOW, 'least');

    it.each(MOVES)('takes a task from %s to %s, in or out of placement', async (from, to) => {
      const task = await aTask(store, { state: from });
      expect(await store.setTaskState(task, from, to, NOW)).toBe(true);
      const moved = { ...task, state: to, state_since: NOW };
      expect(await store.getTask(task.task_id)).toEqual(moved);
      expect(await candidates()).toEqual(to === 'READY' ? [moved] : []);
    });

    it('does nothing to a task in another state, to another process, and to one that is not there', async () => {
      const task = await aTask(store);
      expect(await store.setTaskState(task, 'STANDBY', 'DRAINING', NOW)).toBe(false);
      const earlier = { ...task, started_at: task.started_at - 1 };
      expect(await store.setTaskState(earlier, 'READY', 'STANDBY', NOW)).toBe(false);
      expect(await store.setTaskState({ ...task, task_id: 'nobody' }, 'READY', 'STANDBY', NOW)).toBe(false);
      expect(await store.getTask(task.task_id)).toEqual(task);
      expect(await store.getTask('nobody')).toBeUndefined();
    });

    it('does nothing, where it must have no room, to a task that has one', async () => {
      const task = await aTask(store);
      const { room } = await aRoom(store, task);
      await store.setTaskState(task, 'READY', 'STANDBY', NOW);
      const standby = await store.getTask(task.task_id);
      expect(await store.setTaskState(task, 'STANDBY', 'DRAINING', NOW + 1, { rooms: 0 })).toBe(false);
      expect(await store.getTask(task.task_id)).toEqual(standby);
      await store.closeRoom(room.room_id, room.epoch);
      expect(await store.setTaskState(task, 'STANDBY', 'DRAINING', NOW + 2, { rooms: 0 })).toBe(true);
    });

    it('lets no room onto a task that it took to STANDBY, and none off one that a room came first to', async () => {
      const tasks = await Promise.all(times(10, () => aTask(store)));
      await Promise.all(
        tasks.map(async (task) => {
          const [created, moved] = await Promise.all([
            aRoom(store, task).then(
              () => true,
              () => false,
            ),
            store.setTaskState(task, 'READY', 'DRAINING', NOW, { rooms: 0 }),
          ]);
          expect(created).not.toBe(moved);
          expect((await store.getTask(task.task_id))?.rooms).toBe(created ? 1 : 0);
        }),
      );
    });

    it('is not undone by a heartbeat, which keeps the instant; only by the next state', async () => {
      const first = report();
      const { task } = await store.putTask(first);
      await store.setTaskState(task, 'READY', 'STANDBY', NOW);
      const renewed = await store.putTask({ ...first, heartbeat_seq: 1, state_since: NOW + 5 });
      expect(renewed.task).toMatchObject({ state: 'STANDBY', state_since: NOW });
      expect(await store.getTask(task.task_id)).toEqual(renewed.task);
      const next = await store.putTask({
        ...first,
        state: 'DRAINING',
        heartbeat_seq: 2,
        state_since: NOW + 9,
      });
      expect(next.task).toMatchObject({ state: 'DRAINING', state_since: NOW + 9 });
      expect(await store.getTask(task.task_id)).toEqual(next.task);
    });
  });

  contractGroup('getScaling and putScaling', make, (store) => {
    it('keep what a plan left, for each kind', async () => {
      expect(await store.getScaling('relay')).toBeUndefined();
      const kept = memory({
        demand: [{ at: NOW, used: 3 }],
        backoff: { failures: 1, until: NOW, cause: 'no machine' },
        may_grow: false,
      });
      expect(await store.putScaling('relay', kept, 0)).toBe(true);
      expect(await store.getScaling('relay')).toEqual({ memory: kept, version: 1 });
      expect(await store.getScaling('render')).toBeUndefined();
      const next = memory({ surplus_since: NOW });
      expect(await store.putScaling('relay', next, 1)).toBe(true);
      expect(await store.getScaling('relay')).toEqual({ memory: next, version: 2 });
      expect(await store.listTasks()).toEqual([]);
    });

    it('keep nothing over what was kept since', async () => {
      expect(await store.putScaling('relay', memory(), 3)).toBe(false);
      const results = await Promise.all(
        times(8, (n) => store.putScaling('relay', memory({ surplus_since: n }), 0)),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      expect((await store.getScaling('relay'))?.memory.surplus_since).toBe(results.indexOf(true));
      expect(await store.putScaling('relay', memory(), 0)).toBe(false);
      expect(await store.putScaling('relay', memory(), 2)).toBe(false);
    });
  });
}
