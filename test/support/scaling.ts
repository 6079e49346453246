/** Fleets as the plan sees them. */
import {
  emptyMemory,
  type FleetView,
  type ScalingMemory,
  type ScalingPolicy,
  type ScalingTask,
} from '../../shared/domain/scaling-types.ts';

export const MINUTE = 60_000;
/** The instant of the plan. */
export const AT = 1_800_000_000_000;

/** Tasks of 100 places, 1 to 10 of them; 20 places free at least, 150 at most. */
export const POLICY: ScalingPolicy = {
  min_tasks: 1,
  max_tasks: 10,
  upscale: { places: 20, percent: 0 },
  downscale: { places: 150, percent: 0 },
  room_capacity: 100,
  start_limit: 10 * MINUTE,
  standby_limit: 10 * MINUTE,
  trial: 0,
};

/** A task that has been READY for a minute; its ARN is `arn:<task_id>`. */
export function task(task_id: string, more: Partial<ScalingTask> = {}): ScalingTask {
  return {
    task_id,
    task_arn: `arn:${task_id}`,
    state: 'READY',
    rooms: 0,
    clients: more.rooms ?? 0,
    room_capacity: 100,
    since: AT - MINUTE,
    outdated: false,
    ...more,
  };
}

/** A task that was launched `ago` ms ago. */
export function starting(name: string, ago = 30_000): ScalingTask {
  return { ...task(name, { state: 'STARTING', since: AT - ago }), task_id: undefined };
}

export function view(
  tasks: ScalingTask[],
  more: Partial<Omit<FleetView, 'memory'>> & { memory?: Partial<ScalingMemory> } = {},
): FleetView {
  const { memory, ...rest } = more;
  return { kind: 'relay', tasks, pending: 0, ...rest, memory: { ...emptyMemory(), ...memory } };
}
