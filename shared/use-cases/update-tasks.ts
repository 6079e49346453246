import { SWEEP_LOCK_MS } from '../domain/liveness.ts';
import { planSweep } from '../domain/sweep.ts';
import type { TaskRecord, TaskRoom } from '../domain/task.ts';
import { FleetUnavailable, type FleetTask } from '../ports/fleet.ts';
import type { TaskRooms } from '../protocol/api.ts';
import type { Deps } from './deps.ts';
import { inParallel } from './parallel.ts';
import { pruneTask } from './prune-task.ts';
import { repairRoom } from './reconcile-room.ts';

export type SweepResult =
  | { kind: 'swept'; pruned: number; reconciled: number; faults: number; held: string | undefined }
  /** Another sweep is under way. */
  | { kind: 'locked' }
  /** The fleet could not be listed to its last page: nothing was changed. */
  | { kind: 'fleet_unavailable' };

/** Runs parts of a sweep so that a fault of one, which is logged and counted, does not keep the others from their turn. */
class Parts {
  faults = 0;
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** How many of `items` came out true. */
  async run<T extends { task_id?: string; room_id?: string }>(
    items: readonly T[],
    part: (item: T) => Promise<boolean>,
  ): Promise<number> {
    const results = await inParallel(items, async (item) => {
      try {
        return await part(item);
      } catch (error) {
        this.faults++;
        const { telemetry } = this.#deps;
        telemetry.count('sweep_faults');
        telemetry.warn('a part of the sweep failed', {
          task_id: item.task_id,
          room_id: item.room_id,
          cause: String(error),
        });
        return false;
      }
    });
    return results.filter(Boolean).length;
  }
}

async function reconcileRow(
  deps: Deps,
  task_id: string,
  row: TaskRoom,
  snapshot: TaskRooms,
): Promise<boolean> {
  const rows = await deps.store.getRoomWithClients(row.room_id);
  if (rows?.room.task_id === task_id && rows.room.epoch === row.epoch) await repairRoom(deps, rows, snapshot);
  // The room is elsewhere or gone; the write itself checks that once more.
  else await deps.store.dropTaskRoom(task_id, row.room_id, row.epoch);
  return true;
}

/** Compares a live task's own view with its rows, room by room. False if it did not answer. */
async function reconcileTask(deps: Deps, task: TaskRecord, parts: Parts): Promise<boolean> {
  const answer = await deps.tasks.rooms(task);
  if (answer.kind !== 'rooms') return false;
  const rows = await deps.store.listTaskRooms(task.task_id);
  await parts.run(rows, (row) => reconcileRow(deps, task.task_id, row, answer.snapshot));
  return true;
}

async function sweep(deps: Deps, listed: readonly FleetTask[]): Promise<SweepResult> {
  const { store, clock, telemetry } = deps;
  const plan = planSweep(await store.listTasks(), listed, clock.now());
  if (plan.held !== undefined) {
    telemetry.count('sweeps_held');
    telemetry.warn('leases ran out, and nothing is pruned for it', { reason: plan.held });
  }
  const parts = new Parts(deps);
  await parts.run(plan.stop, async (task) => {
    await store.stopTask(task.task_id, task.started_at);
    return true;
  });
  const [pruned, reconciled] = await Promise.all([
    parts.run(plan.prune, (task) => pruneTask(deps, task)),
    parts.run(plan.reconcile, (task) => reconcileTask(deps, task, parts)),
  ]);
  return { kind: 'swept', pruned, reconciled, faults: parts.faults, held: plan.held };
}

/**
 * One sweep over all tasks (rule 9): prunes the dead ones, reconciles the live ones. One at a time, by a lock row; any
 * fault of the fleet's API ends it before anything is changed.
 */
export async function updateTasks(deps: Deps): Promise<SweepResult> {
  const { store, fleet, clock, random, telemetry } = deps;
  const owner = random.uuid();
  const now = clock.now();
  if (!(await store.lockSweep(owner, now, now + SWEEP_LOCK_MS))) return { kind: 'locked' };
  try {
    return await sweep(deps, await fleet.list());
  } catch (error) {
    if (!(error instanceof FleetUnavailable)) throw error;
    telemetry.warn('sweep ended: the fleet could not be listed', { cause: error.message });
    return { kind: 'fleet_unavailable' };
  } finally {
    await store.unlockSweep(owner);
  }
}
