/** What a simulated day is told, and how long what surrounds the plan takes. Durations in milliseconds. */
import type { PlacementStrategy } from '../../shared/domain/placement.ts';
import type { ScalingPolicy } from '../../shared/domain/scaling-types.ts';
import type { TaskKind } from '../../shared/domain/task.ts';
import { HOUR, MINUTE, SECOND, type DayPlan } from './day.ts';

export interface FleetSetup {
  day: DayPlan;
  kind: TaskKind;
  policy: ScalingPolicy;
  placement: PlacementStrategy;
  /** How long a room waits for a task (PENDING_LIMIT). */
  pending_limit: number;
  /** Of a task that is to end (DRAIN_DEADLINE). */
  drain_deadline: number;
  /** Share of the launches that fail for want of a machine. */
  launch_failures: number;
  /** Share of the launched tasks that never register. */
  stuck_starts: number;
  /** How long a task lives on average until it dies. */
  life: number;
  seed: number;
}

/** Before the day that counts. */
export const WARM_UP = 6 * HOUR;
/** From a create that finds no place until scale-fleet runs, and how long a run of it takes: the next waits for its end. */
export const WAKE = 300;
export const RUN = SECOND;
/** From the death of a task until its rooms are placed anew: its clients come back, and the fleet tells of it. */
export const NOTICE = 2 * SECOND;
/** A task that drains moves so many rooms at a time, which takes so long. */
export const MOVED_TOGETHER = 8;
export const MOVE = 250;
/** From the end of its last room, or the order to stop, until a task has ended. */
export const END = 5 * SECOND;
/** A task that takes rooms again so soon after it went on STANDBY need not have gone. */
export const SOON = 10 * MINUTE;
