import { expect, it } from 'vitest';
import { nextState, type TaskState } from '../../../shared/domain/task.ts';
import {
  aRoom,
  aTask,
  contractGroup,
  HOUR,
  LEASE,
  NOW,
  report,
  tally,
  times,
  type MakeStore,
} from './fixtures.ts';

const STATES: TaskState[] = ['STARTING', 'READY', 'STANDBY', 'DRAINING', 'STOPPED'];

export function taskContract(make: MakeStore): void {
  contractGroup('putTask', make, (store) => {
    it('registers a task that is not known, without rooms', async () => {
      const first = report();
      const task = { ...first, rooms: 0, silent: 0, silent_resuming: 0 };
      expect(await store.putTask(first)).toEqual({ kind: 'registered', task });
      expect(await store.getTask(first.task_id)).toEqual(task);
    });

    it('registers a task outside ECS, which has no ARN', async () => {
      const { task_arn: _, ...first } = report();
      const { task } = await store.putTask(first);
      expect(task).toEqual({ ...first, rooms: 0, silent: 0, silent_resuming: 0 });
      expect(await store.getTask(first.task_id)).toEqual(task);
    });

    it('renews the lease and everything else that a heartbeat says', async () => {
      const first = report();
      await store.putTask(first);
      const next = {
        ...first,
        heartbeat_seq: 1,
        lease_until: NOW + 2 * LEASE,
        clients: 12,
        room_capacity: 7,
        instance_ip: '203.0.113.8',
        port: 5_002,
        url: 'ws://203.0.113.8:5002',
      };
      const { kind, task } = await store.putTask(next);
      expect(kind).toBe('renewed');
      expect(task).toEqual({ ...next, rooms: 0, silent: 0, silent_resuming: 0 });
      expect(await store.getTask(first.task_id)).toEqual(task);
    });

    it('keeps the count of rooms, which is its own', async () => {
      const task = await aTask(store);
      await aRoom(store, task);
      const renewed = await store.putTask(report({ task_id: task.task_id, heartbeat_seq: 1 }));
      expect(renewed.task.rooms).toBe(1);
    });

    it('takes the same heartbeat twice', async () => {
      const first = report();
      await store.putTask(first);
      expect((await store.putTask({ ...first, lease_until: NOW + 2 * LEASE })).kind).toBe('renewed');
    });

    it('changes nothing for a heartbeat that was overtaken', async () => {
      const first = report();
      const { task } = await store.putTask({ ...first, heartbeat_seq: 5 });
      const late = { ...first, heartbeat_seq: 4, clients: 99, lease_until: NOW + HOUR };
      expect(await store.putTask(late)).toEqual({ kind: 'stale', task });
      expect(await store.getTask(first.task_id)).toEqual(task);
    });

    it('registers a new process under a known id, which starts in its own state and keeps the rooms', async () => {
      const task = await aTask(store, { heartbeat_seq: 9 });
      await aRoom(store, task);
      await store.putTask(report({ ...task, state: 'DRAINING', heartbeat_seq: 10 }));
      const restarted = report({ task_id: task.task_id, started_at: NOW, heartbeat_seq: 0 });
      const result = await store.putTask(restarted);
      expect(result.kind).toBe('registered');
      expect(result.task).toEqual({ ...restarted, rooms: 1, silent: 0, silent_resuming: 0 });
      expect(await store.getTask(task.task_id)).toEqual(result.task);
    });

    it('changes nothing for a heartbeat of an earlier process', async () => {
      const task = await aTask(store, { started_at: NOW });
      const earlier = report({ task_id: task.task_id, started_at: NOW - 1, heartbeat_seq: 99 });
      expect(await store.putTask(earlier)).toEqual({ kind: 'stale', task });
    });

    it.each([
      ['STARTING', 'READY'],
      ['READY', 'STARTING'],
      ['STANDBY', 'READY'],
      ['READY', 'DRAINING'],
      ['DRAINING', 'READY'],
      ['STOPPED', 'READY'],
      ['STANDBY', 'STOPPED'],
    ] satisfies [TaskState, TaskState][])(
      'moves the state forward only: %s, then %s',
      async (known, said) => {
        const first = report({ state: known });
        await store.putTask(first);
        const { task } = await store.putTask({ ...first, state: said, heartbeat_seq: 1 });
        expect(task.state).toBe(nextState(known, said));
        const candidates = await store.placementCandidates('eu-central-1', 'relay', 5, NOW, 'least');
        expect(candidates).toHaveLength(task.state === 'READY' ? 1 : 0);
      },
    );

    it('ends with the newest of many heartbeats at once, whatever their order', async () => {
      const first = report();
      const results = await Promise.all(
        times(20, (seq) =>
          store.putTask({ ...first, heartbeat_seq: (seq * 7) % 20, clients: (seq * 7) % 20 }),
        ),
      );
      expect(tally(results)['registered']).toBe(1);
      expect(await store.getTask(first.task_id)).toMatchObject({ heartbeat_seq: 19, clients: 19 });
    });
  });

  contractGroup('getTask', make, (store) => {
    it('knows nothing of an unknown task', async () => {
      expect(await store.getTask('nobody')).toBeUndefined();
    });
  });

  contractGroup('stopTask', make, (store) => {
    it('takes the task out of placement and leaves lease and rooms', async () => {
      const task = await aTask(store);
      await aRoom(store, task);
      await store.stopTask(task.task_id, task.started_at, NOW);
      expect(await store.getTask(task.task_id)).toEqual({
        ...task,
        rooms: 1,
        state: 'STOPPED',
        state_since: NOW,
      });
      expect(await store.placementCandidates('eu-central-1', 'relay', 5, NOW, 'least')).toEqual([]);
    });

    it('is not undone by a late heartbeat, only by a new process', async () => {
      const task = await aTask(store);
      await store.stopTask(task.task_id, task.started_at, NOW);
      const late = await store.putTask(report({ task_id: task.task_id, heartbeat_seq: 1 }));
      expect(late.task.state).toBe('STOPPED');
      const restarted = await store.putTask(report({ task_id: task.task_id, started_at: NOW }));
      expect(restarted.task.state).toBe('READY');
    });

    it('does nothing to another process, or to a task that is not there', async () => {
      const task = await aTask(store);
      await store.stopTask(task.task_id, task.started_at - 1, NOW);
      expect(await store.getTask(task.task_id)).toEqual(task);
      await store.stopTask('nobody', NOW, NOW);
      expect(await store.getTask('nobody')).toBeUndefined();
    });
  });

  contractGroup('listTasks', make, (store) => {
    it('lists every task in any state', async () => {
      const tasks = await Promise.all(times(25, (n) => aTask(store, { state: STATES[n % STATES.length]! })));
      const byId = (a: { task_id: string }, b: { task_id: string }) => a.task_id.localeCompare(b.task_id);
      expect((await store.listTasks()).sort(byId)).toEqual(tasks.sort(byId));
    });

    it('lists nothing else', async () => {
      expect(await store.listTasks()).toEqual([]);
      const task = await aTask(store);
      await aRoom(store, task);
      await store.lockSweep('update-tasks', 'sweeper', NOW, NOW + LEASE);
      expect(await store.listTasks()).toHaveLength(1);
    });
  });

  contractGroup('listTaskRooms', make, (store) => {
    it('lists the rooms of this task with their epochs', async () => {
      const [task, other] = [await aTask(store), await aTask(store)];
      const created = await Promise.all(times(5, () => aRoom(store, task)));
      await aRoom(store, other);
      const rooms = (await store.listTaskRooms(task.task_id)).sort((a, b) =>
        a.room_id.localeCompare(b.room_id),
      );
      expect(rooms).toEqual(
        created
          .map(({ room: { room_id, epoch, placed_at } }) => ({ room_id, epoch, placed_at }))
          .sort((a, b) => a.room_id.localeCompare(b.room_id)),
      );
    });

    it('lists none for a task without rooms, or an unknown one', async () => {
      const task = await aTask(store);
      expect(await store.listTaskRooms(task.task_id)).toEqual([]);
      expect(await store.listTaskRooms('nobody')).toEqual([]);
    });
  });

  contractGroup('noteSilence', make, (store) => {
    it('counts, and counts those of resuming clients apart', async () => {
      const task = await aTask(store);
      expect(await store.noteSilence(task.task_id, false)).toEqual({ ...task, silent: 1 });
      expect(await store.noteSilence(task.task_id, true)).toEqual({ ...task, silent: 2, silent_resuming: 1 });
    });

    it('counts each of many at once', async () => {
      const task = await aTask(store);
      await Promise.all(times(10, (n) => store.noteSilence(task.task_id, n % 2 === 0)));
      const { silent, silent_resuming } = (await store.getTask(task.task_id))!;
      // Never fewer; more only where answers are lost.
      expect(silent).toBeGreaterThanOrEqual(10);
      expect(silent_resuming).toBeGreaterThanOrEqual(5);
    });

    it('is forgotten with the next heartbeat', async () => {
      const task = await aTask(store);
      await store.noteSilence(task.task_id, true);
      const { task: renewed } = await store.putTask(report({ task_id: task.task_id, heartbeat_seq: 1 }));
      expect(renewed).toMatchObject({ silent: 0, silent_resuming: 0 });
    });

    it('makes no record of an unknown task', async () => {
      expect(await store.noteSilence('nobody', true)).toBeUndefined();
      expect(await store.getTask('nobody')).toBeUndefined();
    });
  });

  contractGroup('removeTask', make, (store) => {
    it('removes a task whose lease is as it was seen', async () => {
      const task = await aTask(store);
      expect(await store.removeTask(task.task_id, task.lease_until)).toBe('removed');
      expect(await store.getTask(task.task_id)).toBeUndefined();
      expect(await store.listTasks()).toEqual([]);
      expect(await store.removeTask(task.task_id, task.lease_until)).toBe('gone');
    });

    it('leaves one that has renewed its lease since', async () => {
      const task = await aTask(store);
      await store.putTask(report({ task_id: task.task_id, heartbeat_seq: 1, lease_until: NOW + 2 * LEASE }));
      expect(await store.removeTask(task.task_id, task.lease_until)).toBe('changed');
      expect(await store.getTask(task.task_id)).toBeDefined();
    });

    it('leaves one that has rooms', async () => {
      const task = await aTask(store);
      const { room } = await aRoom(store, task);
      expect(await store.removeTask(task.task_id, task.lease_until)).toBe('changed');
      await store.closeRoom(room.room_id, room.epoch);
      expect(await store.removeTask(task.task_id, task.lease_until)).toBe('removed');
    });
  });
}
