import { SWEEP_LOCK_MS } from '../domain/liveness.ts';
import { planSweep } from '../domain/sweep.ts';
import type { TaskRecord, TaskRoom } from '../domain/task.ts';
import { FleetUnavailable, type FleetTask } from '../ports/fleet.ts';
import { taskKind, type TaskRooms } from '../protocol/api.ts';
import type { Deps } from './deps.ts';
import { inParallel } from './parallel.ts';
import { placePending } from './place-pending.ts';
import { clearRoom, pruneTask } from './prune-task.ts';
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
  task: TaskRecord,
  row: TaskRoom,
  snapshot: TaskRooms,
): Promise<boolean> {
  const rows = await deps.store.getRoomWithClients(row.room_id);
  const here = rows?.room.task_id === task.task_id && rows.room.epoch === row.epoch;
  // The process began anew elsewhere under the same id: its rooms are at an address where nobody is any more. Or the room
  // is on another task, or gone; each write checks that once more.
  if (!here || rows.room.url !== task.url) return clearRoom(deps, task.task_id, row);
  await repairRoom(deps, rows, snapshot);
  return true;
}

/** Compares a task's own view with its rows, room by room. */
async function reconcile(deps: Deps, task: TaskRecord, snapshot: TaskRooms, parts: Parts): Promise<void> {
  const rows = await deps.store.listTaskRooms(task.task_id);
  await parts.run(rows, (row) => reconcileRow(deps, task, row, snapshot));
}

/** Reconciles a live task. False if it did not answer. */
async function reconcileTask(deps: Deps, task: TaskRecord, parts: Parts): Promise<boolean> {
  const answer = await deps.tasks.rooms(task);
  if (answer.kind !== 'rooms') return false;
  await reconcile(deps, task, answer.snapshot, parts);
  return true;
}

/**
 * Prunes a task whose lease has run out and of which the fleet knows nothing good. If it still answers for itself, its
 * heartbeats are what fails: then it is reconciled like a live one. False unless its record is gone.
 */
async function settleTask(deps: Deps, task: TaskRecord, parts: Parts): Promise<boolean> {
  const answer = await deps.tasks.rooms(task);
  // Another process under this id is no proof of life of this one.
  if (answer.kind !== 'rooms' || answer.snapshot.started_at !== task.started_at) return pruneTask(deps, task);
  deps.telemetry.warn('a task without a lease still serves', { task_id: task.task_id });
  await reconcile(deps, task, answer.snapshot, parts);
  return false;
}

/** Looks after the rooms that wait: by the tables alone, whatever the fleet's API does. How many could not be dealt with. */
async function settlePending(deps: Deps): Promise<number> {
  // Of every kind: one that this deployment has no more may have left some, which are to be given up.
  const results = await Promise.all(taskKind.options.map((kind) => placePending(deps, kind)));
  const faults = results.reduce((sum, result) => sum + result.faults, 0);
  if (faults > 0) deps.telemetry.count('sweep_faults', faults);
  return faults;
}

async function sweep(deps: Deps, listed: readonly FleetTask[], faults: number): Promise<SweepResult> {
  const { store, clock, telemetry } = deps;
  const plan = planSweep(await store.listTasks(), listed, clock.now());
  if (plan.held !== undefined) {
    telemetry.count('sweeps_held');
    telemetry.warn('leases ran out, and nothing is pruned for it', { reason: plan.held });
  }
  const parts = new Parts(deps);
  await parts.run(plan.stop, async (task) => {
    await store.stopTask(task.task_id, task.started_at, clock.now());
    return true;
  });
  const [pruned, reconciled] = await Promise.all([
    parts.run(plan.prune, (task) => settleTask(deps, task, parts)),
    parts.run(plan.reconcile, (task) => reconcileTask(deps, task, parts)),
  ]);
  return { kind: 'swept', pruned, reconciled, faults: faults + parts.faults, held: plan.held };
}

/**
 * One sweep over all tasks (rule 9): prunes the dead ones, reconciles the live ones; and over the rooms that wait for one. One
 * at a time, by a lock row; any fault of the fleet's API ends it before anything of a task is changed.
 */
export async function updateTasks(deps: Deps): Promise<SweepResult> {
  const { store, fleet, clock, random, telemetry } = deps;
  const owner = random.uuid();
  const now = clock.now();
  if (!(await store.lockSweep('update-tasks', owner, now, now + SWEEP_LOCK_MS))) return { kind: 'locked' };
  try {
    const faults = await settlePending(deps);
    return await sweep(deps, await fleet.list(), faults);
  } catch (error) {
    if (!(error instanceof FleetUnavailable)) throw error;
    telemetry.warn('sweep ended: the fleet could not be listed', { cause: error.message });
    return { kind: 'fleet_unavailable' };
  } finally {
    await store.unlockSweep('update-tasks', owner);
  }
}
