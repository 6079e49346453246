import type { TaskKind, TaskRecord } from '../domain/task.ts';
import type { AvailableTask, AvailableTasks } from '../protocol/api.ts';
import type { Deps } from './deps.ts';
import { done, type Outcome } from './outcome.ts';
import { pickTask } from './pick-task.ts';
import { kindNotServed, noTaskAvailable } from './refusals.ts';

const shown = (task: TaskRecord): AvailableTask => ({
  task_id: task.task_id,
  kind: task.kind,
  state: task.state,
  url: task.url,
  rooms: task.rooms,
  clients: task.clients,
  room_capacity: task.room_capacity,
  lease_until: task.lease_until,
});

/** One task with room to spare, as a create would choose it. Refusals: `invalid_request`, `no_task_available`. */
export async function availableTask(deps: Deps, kind: TaskKind): Promise<Outcome<AvailableTask>> {
  if (!deps.policy.KINDS.includes(kind)) return kindNotServed(kind, deps.policy.KINDS);
  const task = await pickTask(deps, kind, new Set());
  return task === undefined ? noTaskAvailable() : done(shown(task));
}

/** Every task that has a record, with its load and state, and what was last decided on the size of the fleet. */
export async function availableTasks({ store, policy }: Deps): Promise<Outcome<AvailableTasks>> {
  const [tasks, ...kept] = await Promise.all([
    store.listTasks(),
    ...policy.KINDS.map((kind) => store.getScaling(kind)),
  ]);
  tasks.sort((a, b) => (a.task_id < b.task_id ? -1 : 1));
  const scaling = kept.flatMap((one) => one?.memory.decisions ?? []).sort((a, b) => b.at - a.at);
  return done({ tasks: tasks.map(shown), scaling });
}
