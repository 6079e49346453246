import { chooseTask, PLACEMENT_WINDOW } from '../domain/placement.ts';
import { hasPlace, type TaskKind, type TaskRecord } from '../domain/task.ts';
import type { Deps } from './deps.ts';

/**
 * A task to place a room on, by the deployment's strategy; none at the addresses (urls) of `except`: a process that began
 * anew elsewhere under the same task id is another try. Never the backup task. The claim on it comes with the write.
 */
export async function pickTask(
  { store, policy, clock, random }: Deps,
  kind: TaskKind,
  except: ReadonlySet<string>,
): Promise<TaskRecord | undefined> {
  const order = policy.PLACEMENT === 'packed' ? 'most' : 'least';
  const candidates = await store.placementCandidates(
    policy.REGION,
    kind,
    PLACEMENT_WINDOW + except.size + (policy.BACKUP_TASK === undefined ? 0 : 1),
    clock.now(),
    order,
  );
  return chooseTask(
    candidates.filter((task) => !except.has(task.url) && task.task_id !== policy.BACKUP_TASK),
    policy.PLACEMENT,
    () => random.fraction(),
  );
}

/** The backup task, for when no other can serve: if there is one, it has a place, and it is not at an address of `except`. */
export async function pickBackup(
  { store, policy, clock }: Deps,
  kind: TaskKind,
  except: ReadonlySet<string>,
): Promise<TaskRecord | undefined> {
  if (policy.BACKUP_TASK === undefined) return undefined;
  const task = await store.getTask(policy.BACKUP_TASK);
  const serves =
    task?.kind === kind &&
    task.region === policy.REGION &&
    hasPlace(task, clock.now()) &&
    !except.has(task.url);
  return serves ? task : undefined;
}
