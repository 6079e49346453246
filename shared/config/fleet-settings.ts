/** The settings of the router that say how the fleet grows and shrinks, and of what it is made. */
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
  const { UPSCALE_MARGIN: up, DOWNSCALE_MARGIN: down, ROOM_CAPACITY } = values;
  if (down.places < up.places + ROOM_CAPACITY || down.percent < up.percent) {
    faults.push(
      `DOWNSCALE_MARGIN must be more than UPSCALE_MARGIN by the places of one task (ROOM_CAPACITY=${ROOM_CAPACITY}), and its part no smaller, else tasks would come and go in turn`,
    );
  }
  return faults;
}
