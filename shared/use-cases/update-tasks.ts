import { SWEEP_LOCK_MS } from '../domain/liveness.ts';
import { planSweep } from '../domain/sweep.ts';
import type { TaskRecord } from '../domain/task.ts';
import { FleetUnavailable, type FleetTask } from '../ports/fleet.ts';
import type { Deps } from './deps.ts';
import { inParallel } from './parallel.ts';
import { pruneTask } from './prune-task.ts';
import { repairRoom } from './reconcile-room.ts';

export type SweepResult =
  | { kind: 'swept'; pruned: number; reconciled: number; held: string | undefined }
  /** Another sweep is under way. */
  | { kind: 'locked' }
  /** The fleet could not be listed to its last page: nothing was changed. */
  | { kind: 'fleet_unavailable' };

/** Compares a live task's own view with its rows, room by room. False if it did not answer. */
async function reconcileTask(deps: Deps, task: TaskRecord): Promise<boolean> {
  const { store, tasks } = deps;
  const answer = await tasks.rooms(task);
  if (answer.kind !== 'rooms') return false;
  const placed = await store.listTaskRooms(task.task_id);
  await inParallel(placed, async ({ room_id, epoch }) => {
    const rows = await store.getRoomWithClients(room_id);
    if (rows?.room.task_id === task.task_id && rows.room.epoch === epoch) {
      await repairRoom(deps, rows, answer.snapshot);
    } else {
      // The room is elsewhere or gone; the write itself checks that once more.
      await store.dropTaskRoom(task.task_id, room_id, epoch);
    }
  });
  return true;
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
    const known = await store.listTasks();
    let listed: FleetTask[];
    try {
      listed = await fleet.list();
    } catch (error) {
      if (!(error instanceof FleetUnavailable)) throw error;
      telemetry.warn('sweep ended: the fleet could not be listed', { cause: error.message });
      return { kind: 'fleet_unavailable' };
    }
    const plan = planSweep(known, listed, clock.now());
    if (plan.held !== undefined) {
      telemetry.count('sweeps_held');
      telemetry.warn('leases ran out, and nothing is pruned for it', { reason: plan.held });
    }
    let pruned = 0;
    for (const task of plan.prune) if (await pruneTask(deps, task)) pruned++;
    const answered = await inParallel(plan.reconcile, (task) => reconcileTask(deps, task));
    return { kind: 'swept', pruned, reconciled: answered.filter(Boolean).length, held: plan.held };
  } finally {
    await store.unlockSweep(owner);
  }
}
