/** The machines that run stream tasks, as a port. Adapters: ECS, and child processes of this machine. */
import type { TaskKind } from '../domain/task.ts';

export type FleetTaskState = 'starting' | 'running' | 'stopping' | 'stopped';

export interface FleetTask {
  task_arn: string;
  state: FleetTaskState;
  /** Undefined for a task that is none of ours: it is neither counted nor stopped. */
  kind?: TaskKind | undefined;
  /** When it was launched, ms since the Unix epoch. */
  created_at?: number | undefined;
  /** It runs something else than a task that is launched now would: a rolling deployment replaces it. */
  outdated?: boolean | undefined;
  /** Why it stopped, in the words of the fleet. */
  stopped_reason?: string | undefined;
}

/** The fleet's API failed or was throttled: nothing may be concluded from it. */
export class FleetUnavailable extends Error {
  override name = 'FleetUnavailable';
}

/**
 * Why tasks could not be launched. `no_capacity`: the machines are used up just now; `limit`: a quota of the account; both may
 * pass. `misconfigured`: it will not work until somebody changes something (task definition, network, permission, cluster).
 */
export type LaunchFailureKind = 'no_capacity' | 'limit' | 'misconfigured';

export interface LaunchFailure {
  kind: LaunchFailureKind;
  /** Tasks that were not launched for it. */
  count: number;
  /** What the fleet says, for the operator. */
  detail: string;
}

export interface LaunchResult {
  launched: FleetTask[];
  failures: LaunchFailure[];
}

export interface Fleet {
  /** Every task that the fleet knows, running or lately stopped, to the last page. Throws {@link FleetUnavailable}. */
  list(): Promise<FleetTask[]>;
  /** One task; undefined if the fleet does not know it. Throws {@link FleetUnavailable}. */
  describe(task_arn: string): Promise<FleetTask | undefined>;
  /**
   * Launches `count` tasks. `token`: the same launch again, after an answer that was lost, launches nothing more. What part
   * of it failed, and why, is in the result. Throws {@link FleetUnavailable}: it may have been done, or not.
   */
  launch(count: number, kind: TaskKind, token: string): Promise<LaunchResult>;
  /** Tells a task to end (SIGTERM, then SIGKILL). One that has ended is no error. Throws {@link FleetUnavailable}. */
  stop(task_arn: string, reason: string): Promise<void>;
}
