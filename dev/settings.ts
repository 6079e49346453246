/** The environments of the processes of the local stack, checked before anything is started. */
import { devNull } from 'node:os';
import { fleetSettings } from '../shared/config/fleet-settings.ts';
import { ConfigError, type Environment, type Setting } from '../shared/config/read.ts';
import {
  localConfig,
  routerConfig,
  localSettings,
  taskConfig,
  taskSettings,
} from '../shared/config/settings.ts';
import type { TaskKind } from '../shared/domain/task.ts';
import { CAPACITY_PROVIDERS, CLUSTER, FAMILIES } from './aws/local-task.ts';

export const REGION = 'local';
export const SECRET_NAME = 'anteroom/router-secret';
/** The function that scales the fleet, by its name in serverless.yml. */
export const SCALE_FUNCTION = 'scale-fleet';
/** Last part of the address of the control channel on the router's port, as the stage of a deployment is. */
export const CONTROL_STAGE = 'control';
export const TABLES = { tasks: 'anteroom-tasks', rooms: 'anteroom-rooms' } as const;

/** What the local stack decides itself, whatever the user's environment says. */
const ROUTER_FIXED = {
  REGION,
  TASKS_TABLE: TABLES.tasks,
  ROOMS_TABLE: TABLES.rooms,
  ROUTER_SECRET_ID: SECRET_NAME,
  ECS_CLUSTER: CLUSTER,
  ALLOW_PRIVATE_ADDRESSES: 'true',
  TASK_ZONE: '',
  RELAY_TASK_DEFINITION: FAMILIES.relay,
  RENDER_TASK_DEFINITION: FAMILIES.render,
  RELAY_CAPACITY_PROVIDERS: `${CAPACITY_PROVIDERS.relay[0]}:1`,
  RENDER_CAPACITY_PROVIDERS: `${CAPACITY_PROVIDERS.render[0]}:1`,
  TASK_SUBNETS: 'subnet-00000000',
  TASK_SECURITY_GROUPS: 'sg-00000000',
  SCALE_FUNCTION,
} as const;

/** Tasks at most, unless MAX_TASKS says otherwise: for each that is kept, one more may come. */
const GROWTH = 2;
/** Part of a task's places that is kept free. */
const FREE_PART = 5;

/** What is no number is named as a fault where it is read. */
const wholeNumber = (text: string | undefined, { fallback = 0 }: Setting<number>): number =>
  /^\d+$/.test(text ?? '') ? Number(text) : fallback;

/**
 * How the local fleet grows and shrinks where the user does not say it: `stream_tasks` are kept, and the margins fit tasks of
 * any size. A fleet that is not `scaled` stays as it was started.
 */
function scaling(env: Environment, stream_tasks: number, scaled: boolean): Record<string, string> {
  if (!scaled) return { MIN_TASKS: '0', MAX_TASKS: '0', MIN_RENDER_TASKS: '0', MAX_RENDER_TASKS: '0' };
  const capacity = wholeNumber(env['ROOM_CAPACITY'], taskSettings.ROOM_CAPACITY);
  const free = Math.ceil(capacity / FREE_PART);
  return {
    MIN_TASKS: String(stream_tasks),
    // Whoever tries out a rolling deployment need not wait for it.
    TRIAL: env['TRIAL'] || '0s',
    MAX_TASKS: env['MAX_TASKS'] || String(Math.max(1, stream_tasks * GROWTH)),
    UPSCALE_MARGIN: env['UPSCALE_MARGIN'] || `${free}+10%`,
    DOWNSCALE_MARGIN: env['DOWNSCALE_MARGIN'] || `${capacity + 2 * free}+25%`,
  };
}

/** Address and identity are found through AWS, as in a deployment. */
const TASK_FIXED = {
  REGION,
  ROUTER_SECRET_ID: SECRET_NAME,
  PORT: '0',
  TASK_ID: '',
  PUBLIC_ADDRESS: '',
  PUBLIC_URL: '',
} as const;

export interface StackSettings {
  port: number;
  stream_tasks: number;
  store: 'dynamodb' | 'memory' | undefined;
  /** A bundled stream task. */
  task_file: string | undefined;
  /** Endpoint of a DynamoDB Local that runs already. */
  dynamodb_local: string | undefined;
  /** Environment of the router process, without the endpoints of AWS. */
  router: Record<string, string>;
  /** Environment of a task of this kind with the router at `router_url`, without what is its own. */
  task: (router_url: string, kind: TaskKind) => Record<string, string>;
}

/** The user's environment without anything that would lead an SDK client to a real account. */
function withoutAws(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('AWS_'),
  );
  return {
    ...Object.fromEntries(kept),
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

/**
 * Reads the settings of the local stack, of the router and of the tasks from the user's environment. Throws one
 * `ConfigError` with the faults of all three. `scaled`: whether tasks are launched and stopped by scale-fleet.
 */
export function stackSettings(env: Environment, scaled = true): StackSettings {
  const base = withoutAws(env);
  const stream_tasks = wholeNumber(env['STREAM_TASKS'], localSettings.STREAM_TASKS);
  const router = {
    ...base,
    ...scaling(env, stream_tasks, scaled),
    // Requests are printed by the gateway; of the handlers themselves only what is amiss, unless it is asked for.
    LOG_LEVEL: env['LOG_LEVEL'] || 'warn',
    POWERTOOLS_METRICS_DISABLED: 'true',
    ...ROUTER_FIXED,
  };
  const { RENDER_ROOM_CAPACITY } = fleetSettings;
  const capacity = env['RENDER_ROOM_CAPACITY'] || String(RENDER_ROOM_CAPACITY.fallback);
  const task = (router_url: string, kind: TaskKind) => ({
    ...base,
    ...TASK_FIXED,
    ROUTER_URL: router_url,
    KIND: kind,
    // As infra/fleet.yml gives it to them.
    ...(kind === 'render' && { ROOM_CAPACITY: capacity }),
  });

  const faults = new Set<string>();
  const collect = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const fault of error.faults) faults.add(fault);
      return undefined;
    }
  };
  const local = collect(() => localConfig(env));
  collect(() => routerConfig(router));
  collect(() => taskConfig(task('http://localhost', 'relay')));
  if (local === undefined || faults.size > 0) throw new ConfigError([...faults]);
  return {
    port: local.PORT,
    stream_tasks: local.STREAM_TASKS,
    store: local.STORE,
    task_file: local.TASK_FILE,
    dynamodb_local: local.DYNAMODB_LOCAL,
    router,
    task,
  };
}
