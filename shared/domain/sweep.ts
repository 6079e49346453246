/** What a sweep does with each task, and when leases that ran out are an outage of ours: pure. */
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

/** A task that has said so itself, or of which the fleet said so: that its lease runs out is no sign of anything. */
const saidStopped = (task: TaskRecord): boolean => task.state === 'STOPPED';

/**
 * The third-of-leases rule: when more than a third of the leases ran out together and nobody has said "stopped" of those
 * tasks, that is an outage of ours, not of theirs. The reason as a sentence, or undefined. The leases are those that are
 * valid and those that ran out within `TOGETHER_MS`: what ran out long ago is no part of it. It takes two at least.
 * `explained`: tasks that surely stopped.
 */
export function outage(
  tasks: readonly TaskRecord[],
  now: number,
  explained: (task: TaskRecord) => boolean = saidStopped,
): string | undefined {
  const leases = tasks.filter((task) => !explained(task) && now - task.lease_until < TOGETHER_MS);
  const ranOut = leases.filter((task) => !leaseValid(task, now)).length;
  return ranOut > 1 && ranOut * 3 > leases.length
    ? `${ranOut} of ${leases.length} leases ran out together, and nobody says why`
    : undefined;
}

/**
 * Plans one sweep. `fleet` is the whole list of the fleet, to its last page.
 *
 * A task is pruned only if its lease has run out _and_ the fleet says that it is stopped or unknown. In an {@link outage}
 * of ours only those are pruned of which the fleet, or the task itself, has said "stopped".
 */
export function planSweep(tasks: readonly TaskRecord[], fleet: readonly FleetTask[], now: number): SweepPlan {
  const states = new Map(fleet.map((task) => [task.task_arn, task.state]));
  const stateOf = (task: TaskRecord) => (task.task_arn === undefined ? undefined : states.get(task.task_arn));
  const explained = (task: TaskRecord) => stateOf(task) === 'stopped' || saidStopped(task);
  const held = outage(tasks, now, explained);
  const live = tasks.filter((task) => leaseValid(task, now));
  const ended = tasks.filter((task) => {
    const state = stateOf(task);
    return !leaseValid(task, now) && (state === 'stopped' || state === undefined);
  });
  return {
    stop: live.filter((task) => stateOf(task) === 'stopped' && task.state !== 'STOPPED'),
    prune: held === undefined ? ended : ended.filter(explained),
    reconcile: live.filter((task) => stateOf(task) !== 'stopped'),
    held,
  };
}
