/** What a plan of the fleet is made of: what there is, what there should be, and what is done about it so far. */
import type { Margin } from '../config/read.ts';
import type {
  FleetView,
  ScalingAction,
  ScalingDecision,
  ScalingPolicy,
  ScalingState,
  ScalingTask,
} from './scaling-types.ts';
import type { ScalingNumbers } from './scaling-words.ts';

export const sum = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0);
export const roomsOf = (task: ScalingTask): number => task.rooms;
export const placesOf = (task: ScalingTask): number => Math.max(0, task.room_capacity - task.rooms);
const inMargin = ({ places, percent }: Margin, rooms: number): number =>
  places + Math.ceil((rooms * percent) / 100);

/** What is left free at least by what is taken out: so it takes some growth until that is needed back. */
export const middleOf = ({ wanted, allowed }: ScalingNumbers): number => (wanted + allowed) / 2;

/** A task that the plan may put on STANDBY, drain or stop. */
export type OwnTask = ScalingTask & { task_id: string; task_arn: string };
export const isOwn = (task: ScalingTask): task is OwnTask =>
  task.task_id !== undefined && task.task_arn !== undefined && task.stopping !== true;

export type Tasks = Record<ScalingState, ScalingTask[]>;

export function byState(tasks: readonly ScalingTask[]): Tasks {
  const groups: Tasks = { STARTING: [], READY: [], STANDBY: [], DRAINING: [], SILENT: [] };
  for (const task of tasks) groups[task.stopping === true ? 'DRAINING' : task.state].push(task);
  return groups;
}

/** A plan in the making: what is done so far, and what is left when it is done. */
export class Draft {
  readonly actions: ScalingAction[] = [];
  limited: ScalingDecision['limited'];
  /** Free places, less the rooms that need one. */
  free: number;
  /** Tasks that take rooms or start. */
  active: number;
  readonly activated = new Set<ScalingTask>();

  constructor(free: number, active: number) {
    this.free = free;
    this.active = active;
  }

  activate(task: ScalingTask, task_id: string): void {
    this.actions.push({ do: 'activate', task_id });
    this.activated.add(task);
    this.free += placesOf(task);
    this.active++;
  }

  standby(task: OwnTask): void {
    this.actions.push({ do: 'standby', task_id: task.task_id });
    this.free -= placesOf(task);
    this.active--;
  }

  drain(task: OwnTask, from: 'READY' | 'STANDBY', why: string): void {
    const { task_id, task_arn } = task;
    this.actions.push({ do: 'drain', task_id, task_arn, from, why });
    this.free -= task.rooms + (from === 'READY' ? placesOf(task) : 0);
    if (from === 'READY') this.active--;
  }
}

export interface Situation {
  view: FleetView;
  policy: ScalingPolicy;
  now: number;
  tasks: Tasks;
  numbers: ScalingNumbers;
  paused: boolean;
}

/** What there is, and what there should be. `coming`: tasks that start. */
export function count(
  { tasks: all, pending, outage }: FleetView,
  tasks: Tasks,
  policy: ScalingPolicy,
  growthOf: (rooms: number) => number,
): ScalingNumbers {
  const rooms = sum(all, roomsOf) + pending;
  // Where nothing is to be kept free, nothing is launched ahead of demand either.
  const { places, percent } = policy.upscale;
  const growth = places === 0 && percent === 0 ? 0 : growthOf(rooms);
  // In an outage of ours silent tasks are well, and will be heard again.
  const away = outage === undefined ? sum(tasks.SILENT, roomsOf) : 0;
  const back = outage === undefined ? 0 : sum(tasks.SILENT, placesOf);
  return {
    rooms,
    waiting: pending + sum(tasks.DRAINING, roomsOf) + away,
    free: sum(tasks.READY, placesOf),
    coming: sum(tasks.STARTING, placesOf) + back,
    growth,
    wanted: inMargin(policy.upscale, rooms) + growth,
    allowed: inMargin(policy.downscale, rooms) + growth,
  };
}
