import { chooseTask, PLACEMENT_WINDOW } from '../domain/placement.ts';
import type { TaskKind, TaskRecord } from '../domain/task.ts';
import type { Deps } from './deps.ts';

/**
 * A task to place a room on, by the deployment's strategy; none at the addresses (urls) of `except`: a process that began
 * anew elsewhere under the same task id is another try. The claim on it comes with the write.
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
    PLACEMENT_WINDOW + except.size,
    clock.now(),
    order,
  );
  return chooseTask(
    candidates.filter((task) => !except.has(task.url)),
    policy.PLACEMENT,
    () => random.fraction(),
  );
}
