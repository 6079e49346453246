/** Is a task dead that did not take a register? (Rule 5 of the control plane.) */
import { outage } from '../domain/sweep.ts';
import { leaseValid, type TaskRecord } from '../domain/task.ts';
import { FleetUnavailable, type FleetTask } from '../ports/fleet.ts';
import type { TaskCallFailure } from '../ports/task-client.ts';
import type { Deps } from './deps.ts';

/** Silence counts as death only after so many registers timed out … */
const SILENT_REGISTERS = 2;
/** … of which so many came from a client that had lost its connection too. */
const SILENT_RESUMING_REGISTERS = 1;

async function stateInFleet(
  { fleet, telemetry }: Deps,
  task_arn: string | undefined,
): Promise<FleetTask | undefined> {
  if (task_arn === undefined) return undefined;
  try {
    return await fleet.describe(task_arn);
  } catch (error) {
    // Nothing may be concluded from a fleet API that fails.
    if (!(error instanceof FleetUnavailable)) throw error;
    telemetry.warn('the fleet did not answer', { task_arn, cause: error.message });
    return undefined;
  }
}

/**
 * Whether the lease of `task` has run out and that means something: while many leases run out together it is our own
 * outage (rule 8), in which a healthy task may well be out of reach.
 */
async function lostItsLease({ store, clock, telemetry }: Deps, task: TaskRecord): Promise<boolean> {
  const now = clock.now();
  if (leaseValid(task, now)) return false;
  const reason = outage(await store.listTasks(), now);
  if (reason !== undefined) telemetry.warn('a lease ran out, and no room is moved for it', { reason });
  return reason === undefined;
}

/**
 * Dead: nobody is there (refused, reset, another task at its address), or the fleet says that it is stopped, at once;
 * silent: only after two registers that timed out, one of them of a client that comes back from it (`cut_off`), or when its
 * lease has run out, unless that is an outage of ours. A task that answers is alive, whatever it answers.
 */
export async function examineTask(
  deps: Deps,
  task_id: string,
  failure: TaskCallFailure,
  cut_off: boolean,
): Promise<'dead' | 'alive'> {
  const { store, clock, telemetry } = deps;
  telemetry.count('registers_failed');
  if (failure.kind === 'refused' || failure.kind === 'failed') return 'alive';

  const task =
    failure.kind === 'silent' ? await store.noteSilence(task_id, cut_off) : await store.getTask(task_id);
  if (task === undefined || task.state === 'STOPPED') return 'dead';
  const certain =
    failure.kind === 'unreachable' ||
    (task.silent >= SILENT_REGISTERS && task.silent_resuming >= SILENT_RESUMING_REGISTERS);
  // A thousand clients may come back from a task at once, and the fleet's API takes some 20 calls a second of everybody together.
  // Where they are certain one of them asks, or whoever else finds the task: then no create tries it again.
  const asks = !certain || !cut_off || task.silent === SILENT_REGISTERS;
  const inFleet = asks ? await stateInFleet(deps, task.task_arn) : undefined;
  if (inFleet?.state === 'stopped') {
    // No create should try it again; its rooms and its record are the sweep's.
    await store.stopTask(task_id, task.started_at, clock.now());
    telemetry.warn('task is stopped, says the fleet', { task_id });
    return 'dead';
  }
  const dead = certain || (await lostItsLease(deps, task));
  telemetry.warn('task did not take a register', { task_id, failure: failure.kind, dead });
  return dead ? 'dead' : 'alive';
}
