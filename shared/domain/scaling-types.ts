/** What the plan of a fleet is made from, and what it says. Instants and durations in milliseconds. */
import type { Margin } from '../config/read.ts';
import type { ScalingDecision, TaskKind } from '../protocol/api.ts';

export type { ScalingDecision };

/**
 * `SILENT`: its lease has run out, but the fleet says that it runs. Such a task takes no room, and those that it has need another
 * place.
 */
export type ScalingState = 'STARTING' | 'READY' | 'STANDBY' | 'DRAINING' | 'SILENT';

/** A task that runs. The backup task is none of them. */
export interface ScalingTask {
  /** Undefined while STARTING. */
  task_id?: string | undefined;
  /** Undefined for a task that the fleet does not know: its places count, but it is left alone. */
  task_arn?: string | undefined;
  state: ScalingState;
  rooms: number;
  clients: number;
  room_capacity: number;
  /** When it came into this state; of a STARTING one, when it was launched. */
  since: number;
  /** It runs something else than a task that is launched now would. */
  outdated: boolean;
  /** The fleet has been told to end it. */
  stopping?: boolean | undefined;
}

/** All that runs of one kind, and what waits for it. */
export interface FleetView {
  kind: TaskKind;
  tasks: readonly ScalingTask[];
  /** Rooms that wait for a place. */
  pending: number;
  /** So many leases ran out together that it must be an outage of ours: a sentence. Then nothing is taken out. */
  outage?: string | undefined;
  /** ARNs of tasks that had registered, and are over. */
  over?: readonly string[] | undefined;
  memory: ScalingMemory;
}

/** The settings of one kind. */
export interface ScalingPolicy {
  min_tasks: number;
  /** Above 0. */
  max_tasks: number;
  upscale: Margin;
  downscale: Margin;
  /** Of a task that is launched now. */
  room_capacity: number;
  start_limit: number;
  standby_limit: number;
  /** How long the first task of a new version is watched before others are replaced; 0: not at all. */
  trial: number;
}

export type ScalingAction =
  | { do: 'activate'; task_id: string }
  | { do: 'standby'; task_id: string }
  /** Its rooms are moved live, then it ends. `from`: only if it is in this state. */
  | { do: 'drain'; task_id: string; task_arn: string; from: 'READY' | 'STANDBY'; why: string }
  | { do: 'launch'; count: number }
  /**
   * `task_id`: only if it is on STANDBY and has no room. `unless_answers`: the id of a task that is asked first, and goes on if it
   * answers. Without both: at once, whatever it does.
   */
  | { do: 'stop'; task_id?: string; unless_answers?: string; task_arn: string; why: string };

/** How many rooms there were, those that waited included. */
export interface DemandSample {
  at: number;
  used: number;
}

/** Launches are paused until `until`, after `failures` that followed each other. */
export interface Backoff {
  failures: number;
  until: number;
  /** What went wrong, for the operator. */
  cause: string;
}

/** How the tasks of a new version fare, while there are some of an older one. */
export interface Trial {
  /** One of them has lived for long enough, and since then hardly any ended. */
  passed: boolean;
  /** So many ended soon after they came up, since one lived; and when the last one did. */
  fallen: number;
  fallen_at: number;
  /** Those that take rooms, since when, and whether they have lived for long enough. */
  seen: { task_arn: string; since: number; lived: boolean }[];
}

/** What one plan leaves to the next: all that is not in the tables or in the fleet. Losing it costs some wisdom, no room. */
export interface ScalingMemory {
  /** Since when there is more free than the downscale margin. */
  surplus_since?: number | undefined;
  /** The oldest first. */
  demand: DemandSample[];
  /** How long the last tasks that came up took, from launch to registration. The oldest first. */
  boots: number[];
  /** Tasks that were launched and have not registered yet. */
  starting: { task_arn: string; launched_at: number }[];
  /** A launch that was begun; its answer is not known yet. */
  launching?: { token: string; count: number; at: number } | undefined;
  /** Since when no launch got an answer. */
  unanswered_since?: number | undefined;
  backoff?: Backoff | undefined;
  /** Undefined where there is no other version. */
  trial?: Trial | undefined;
  /** Since when the fleet could not be listed, so that there was no plan. */
  unlisted_since?: number | undefined;
  /** Whether a room that finds no place may wait for a task. */
  may_grow: boolean;
  /** The last ones that did something or were limited, the newest first. */
  decisions: ScalingDecision[];
}

export interface ScalingPlan {
  actions: ScalingAction[];
  memory: ScalingMemory;
  decision: ScalingDecision;
}

export function emptyMemory(): ScalingMemory {
  return { demand: [], boots: [], starting: [], may_grow: true, decisions: [] };
}
