import { hasPlace, nextState } from '../../domain/task.ts';
import type { RoomStore } from '../../ports/room-store.ts';
import { isStaleReport, reportedTaskRecord } from '../records.ts';
import { taskRecord, taskRooms, type MemoryState } from './state.ts';

type TaskMethods = Pick<
  RoomStore,
  | 'putTask'
  | 'getTask'
  | 'placementCandidates'
  | 'stopTask'
  | 'setTaskState'
  | 'listTasks'
  | 'listTaskRooms'
  | 'noteSilence'
  | 'removeTask'
>;

export function taskMethods(state: MemoryState): TaskMethods {
  const everyTask = () => [...state.tasks.keys()].map((task_id) => taskRecord(state, task_id)!);

  return {
    async putTask(report) {
      const known = taskRecord(state, report.task_id);
      if (known !== undefined && isStaleReport(known, report)) return { kind: 'stale', task: known };
      const renewed = known?.started_at === report.started_at;
      const reached = nextState(renewed ? known.state : undefined, report.state);
      const { rooms: _, ...task } = reportedTaskRecord(report, reached, 0);
      const stays = renewed && known.state === reached;
      state.tasks.set(report.task_id, stays ? { ...task, state_since: known.state_since } : task);
      return { kind: renewed ? 'renewed' : 'registered', task: taskRecord(state, report.task_id)! };
    },

    async getTask(task_id) {
      return taskRecord(state, task_id);
    },

    async placementCandidates(region, kind, limit, now, order) {
      const sign = order === 'least' ? 1 : -1;
      return everyTask()
        .filter((task) => task.region === region && task.kind === kind && hasPlace(task, now))
        .sort((a, b) => sign * (a.rooms - b.rooms))
        .slice(0, limit);
    },

    async stopTask(task_id, started_at, now) {
      const task = state.tasks.get(task_id);
      if (task?.started_at !== started_at || task.state === 'STOPPED') return;
      Object.assign(task, { state: 'STOPPED', state_since: now });
    },

    async setTaskState({ task_id, started_at }, from, to, now, when) {
      const task = state.tasks.get(task_id);
      if (task?.started_at !== started_at || task.state !== from) return false;
      if (when !== undefined && (state.placed.get(task_id)?.size ?? 0) > 0) return false;
      Object.assign(task, { state: to, state_since: now });
      return true;
    },

    async listTasks() {
      return everyTask();
    },

    async listTaskRooms(task_id) {
      return taskRooms(state, task_id);
    },

    async noteSilence(task_id, resuming) {
      const task = state.tasks.get(task_id);
      if (task === undefined) return undefined;
      task.silent++;
      if (resuming) task.silent_resuming++;
      return taskRecord(state, task_id);
    },

    async removeTask(task_id, lease_until) {
      const task = taskRecord(state, task_id);
      if (task === undefined) return 'gone';
      if (task.lease_until !== lease_until || task.rooms > 0) return 'changed';
      state.tasks.delete(task_id);
      return 'removed';
    },
  };
}
