/** The local fleet as the port that scaling works with, without AWS in between. */
import type { Fleet, FleetTask } from '../shared/ports/fleet.ts';
import { type LocalTask, type LocalTasks, taskArn } from './aws/local-task.ts';

const STATES = { PENDING: 'starting', RUNNING: 'running', STOPPED: 'stopped' } as const;

/** Launches and stops the processes of `tasks`; it is never unavailable, and always has room for one more. */
export function localFleetPort(tasks: LocalTasks): Fleet {
  const launches = new Map<string, string[]>();

  function shown(task: LocalTask): FleetTask {
    const state = STATES[task.last_status];
    return {
      task_arn: taskArn(task),
      state: state !== 'stopped' && task.desired_status === 'STOPPED' ? 'stopping' : state,
      kind: task.kind,
      created_at: task.created_at,
      outdated: task.revision !== tasks.revision(),
      stopped_reason: task.stopped_reason,
    };
  }
  const find = (task_arn: string) => tasks.all().find((task) => taskArn(task) === task_arn);

  return {
    list: () => Promise.resolve(tasks.all().map(shown)),
    describe(task_arn) {
      const task = find(task_arn);
      return Promise.resolve(task === undefined ? undefined : shown(task));
    },
    launch(count, kind, token) {
      const ids = launches.get(token) ?? Array.from({ length: count }, () => tasks.run(kind).id);
      launches.set(token, ids);
      const launched = tasks.all().filter(({ id }) => ids.includes(id));
      return Promise.resolve({ launched: launched.map(shown), failures: [] });
    },
    stop(task_arn, reason) {
      const task = find(task_arn);
      if (task !== undefined) tasks.stop(task.id, reason);
      return Promise.resolve();
    },
  };
}
