/** What a sweep does with each task: pure. */
import type { FleetTask } from '../ports/fleet.ts';
import { TOGETHER_MS } from './liveness.ts';
import { leaseValid, type TaskRecord } from './task.ts';

export interface SweepPlan {
  /** Stopped, says the fleet, though the lease is still valid: no room should be placed there any more. */
  stop: TaskRecord[];
  /** Lease run out, and the fleet says stopped or does not know it: re-home or close its rooms, remove its record. */
  prune: TaskRecord[];
  /** Live: compare its own view with its rows. */
  reconcile: TaskRecord[];
  /** Why leases that ran out lead to nothing this time. */
  held: string | undefined;
}

/**
 * Plans one sweep. `fleet` is the whole list of the fleet, to its last page.
 *
 * A task is pruned only if its lease has run out *and* the fleet says that it is stopped or unknown. When more than a
 * third of the leases ran out together without the fleet having said "stopped" of those tasks, that is an outage of
 * ours, not of theirs: then only what the fleet calls stopped is pruned.
 */
export function planSweep(tasks: readonly TaskRecord[], fleet: readonly FleetTask[], now: number): SweepPlan {
  const states = new Map(fleet.map((task) => [task.task_arn, task.state]));
  const stateOf = (task: TaskRecord) => (task.task_arn === undefined ? undefined : states.get(task.task_arn));
  const live = tasks.filter((task) => leaseValid(task, now));
  const expired = tasks.filter((task) => !leaseValid(task, now));
  const stopped = expired.filter((task) => stateOf(task) === 'stopped');
  const unknown = expired.filter((task) => stateOf(task) === undefined);
  const unexplained = expired.filter(
    (task) => stateOf(task) !== 'stopped' && now - task.lease_until < TOGETHER_MS,
  );
  const held =
    unexplained.length * 3 > tasks.length - stopped.length && unexplained.length > 1
      ? `${unexplained.length} of ${tasks.length} leases ran out together and the fleet does not say why`
      : undefined;
  return {
    stop: live.filter((task) => stateOf(task) === 'stopped' && task.state !== 'STOPPED'),
    prune: held === undefined ? [...stopped, ...unknown] : stopped,
    reconcile: live.filter((task) => stateOf(task) !== 'stopped'),
    held,
  };
}
