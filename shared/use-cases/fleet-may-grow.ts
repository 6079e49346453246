import type { TaskKind } from '../domain/task.ts';
import type { Deps } from './deps.ts';

/** Whether a room of this kind may expect a task that is not there yet: what the last plan says, where there was one. */
export async function fleetMayGrow({ store, policy }: Deps, kind: TaskKind): Promise<boolean> {
  const most = kind === 'relay' ? policy.MAX_TASKS : policy.MAX_RENDER_TASKS;
  return most > 0 && ((await store.getScaling(kind))?.memory.may_grow ?? true);
}
