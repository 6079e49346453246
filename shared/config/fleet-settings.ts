/** The settings of the router that say how the fleet grows and shrinks, and of what it is made. */
import type { ScalingPolicy } from '../domain/scaling-types.ts';
import type { TaskKind } from '../domain/task.ts';
import * as read from './read.ts';

const TASK_DEFINITION = [
  /^[A-Za-z0-9_:/.-]{1,512}$/,
  'must be a task definition: its family, family:revision or ARN',
] as const;
/** Amazon ECS API reference, CapacityProviderStrategyItem: weight 0–1,000, base 0–100,000. */
const PROVIDER = /^[A-Za-z0-9_-]{1,255}(:[0-9]{1,4}(:[0-9]{1,6})?)?$/;
const PROVIDERS = 'capacity providers such as FARGATE or FARGATE_SPOT:3:1 (name:weight:base)';

export const fleetSettings = {
  MIN_TASKS: read.integer('relay tasks at least', 1, 0, 10_000),
  MAX_TASKS: read.integer(
    'relay tasks at most; 0: they are not launched and stopped by Anteroom, but by something else',
    10,
    0,
    10_000,
  ),
  MIN_RENDER_TASKS: read.integer('render tasks at least', 0, 0, 10_000),
  MAX_RENDER_TASKS: read.integer('render tasks at most; 0: as for MAX_TASKS', 0, 0, 10_000),
  UPSCALE_MARGIN: read.margin(
    'free places below which tasks are added: a number, a part of the rooms in use (10%), or both (20+10%)',
    '20+10%',
  ),
  DOWNSCALE_MARGIN: read.margin(
    'free places above which tasks are taken out; more than UPSCALE_MARGIN by at least one ROOM_CAPACITY',
    '150+10%',
  ),
  RENDER_ROOM_CAPACITY: read.integer('ROOM_CAPACITY of render tasks', 1, 1, 100_000),
  RENDER_UPSCALE_MARGIN: read.margin('UPSCALE_MARGIN of render tasks', '0'),
  RENDER_DOWNSCALE_MARGIN: read.margin('DOWNSCALE_MARGIN of render tasks', '2'),
  START_LIMIT: read.duration(
    'how long a task that was launched may take to register, before it is stopped',
    '10m',
    '30s',
    '2h',
  ),
  STANDBY_LIMIT: read.duration(
    'how long a task on standby waits for its rooms to end, before they are moved',
    '10m',
    '0s',
    '7d',
  ),
  TRIAL: read.duration(
    'how long the first task of a new version must live before the others are replaced; 0s: not at all',
    '1m',
    '0s',
    '1h',
  ),
  PENDING_LIMIT: read.duration('how long a room waits for a task to start', '5m', '10s', '30m'),
  BACKUP_TASK: read.optionalText(
    'id of a task that serves only when nothing else can; never scaled',
    /^[A-Za-z0-9_-]{1,64}$/,
    'must be 1 to 64 characters of A–Z, a–z, 0–9, "_" and "-"',
  ),
  RELAY_TASK_DEFINITION: read.optionalText('ECS task definition of relay tasks', ...TASK_DEFINITION),
  RENDER_TASK_DEFINITION: read.optionalText('ECS task definition of render tasks', ...TASK_DEFINITION),
  RELAY_CAPACITY_PROVIDERS: read.list('where relay tasks run, such as FARGATE:1', PROVIDER, PROVIDERS),
  RENDER_CAPACITY_PROVIDERS: read.list(
    'where render tasks run, such as the capacity provider of a group of GPU instances',
    PROVIDER,
    PROVIDERS,
  ),
  TASK_SUBNETS: read.list(
    'public subnets of relay tasks',
    /^subnet-[0-9a-f]{8,17}$/,
    'subnets such as subnet-0123456789abcdef0',
  ),
  TASK_SECURITY_GROUPS: read.list(
    'security groups of relay tasks',
    /^sg-[0-9a-f]{8,17}$/,
    'security groups such as sg-0123456789abcdef0',
  ),
  SCALE_FUNCTION: read.optionalText('name or ARN of the function that scales the fleet'),
} as const;

interface FleetValues {
  MIN_TASKS: number;
  MAX_TASKS: number;
  MIN_RENDER_TASKS: number;
  MAX_RENDER_TASKS: number;
  UPSCALE_MARGIN: read.Margin;
  DOWNSCALE_MARGIN: read.Margin;
  ROOM_CAPACITY: number;
  RENDER_UPSCALE_MARGIN: read.Margin;
  RENDER_DOWNSCALE_MARGIN: read.Margin;
  RENDER_ROOM_CAPACITY: number;
}

/** What the margins of one kind must keep, as a sentence; `prefix`: of its settings. */
export function marginFault(
  prefix: '' | 'RENDER_',
  { upscale, downscale, room_capacity }: Pick<ScalingPolicy, 'upscale' | 'downscale' | 'room_capacity'>,
): string | undefined {
  if (downscale.places >= upscale.places + room_capacity && downscale.percent >= upscale.percent)
    return undefined;
  return `${prefix}DOWNSCALE_MARGIN must be more than ${prefix}UPSCALE_MARGIN by the places of one task (${prefix}ROOM_CAPACITY=${room_capacity}), and its part no smaller, else tasks would come and go in turn`;
}

/** The settings by which the tasks of one kind are scaled. */
export function scalingSettings(values: FleetValues, kind: TaskKind) {
  return kind === 'relay'
    ? {
        min_tasks: values.MIN_TASKS,
        max_tasks: values.MAX_TASKS,
        upscale: values.UPSCALE_MARGIN,
        downscale: values.DOWNSCALE_MARGIN,
        room_capacity: values.ROOM_CAPACITY,
      }
    : {
        min_tasks: values.MIN_RENDER_TASKS,
        max_tasks: values.MAX_RENDER_TASKS,
        upscale: values.RENDER_UPSCALE_MARGIN,
        downscale: values.RENDER_DOWNSCALE_MARGIN,
        room_capacity: values.RENDER_ROOM_CAPACITY,
      };
}

/** The relations that these settings must keep; each broken one as a sentence that names both variables. */
export function fleetFaults(values: FleetValues): string[] {
  const faults: string[] = [];
  if (values.MAX_TASKS > 0 && values.MIN_TASKS > values.MAX_TASKS) {
    faults.push('MIN_TASKS must be at most MAX_TASKS');
  }
  if (values.MAX_RENDER_TASKS > 0 && values.MIN_RENDER_TASKS > values.MAX_RENDER_TASKS) {
    faults.push('MIN_RENDER_TASKS must be at most MAX_RENDER_TASKS');
  }
  const fault = marginFault('', scalingSettings(values, 'relay'));
  if (fault !== undefined) faults.push(fault);
  const of_render = marginFault('RENDER_', scalingSettings(values, 'render'));
  if (values.MAX_RENDER_TASKS > 0 && of_render !== undefined) faults.push(of_render);
  return faults;
}
