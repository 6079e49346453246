/** The environments of the processes of the local stack, checked before anything is started. */
import { devNull } from 'node:os';
import { ConfigError, type Environment } from '../shared/config/read.ts';
import { localConfig, routerConfig, taskConfig } from '../shared/config/settings.ts';
import { CLUSTER } from './aws/local-task.ts';

export const REGION = 'local';
export const SECRET_NAME = 'anteroom/router-secret';
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
} as const;

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
  /** Environment of the router process, without the endpoints of AWS. */
  router: Record<string, string>;
  /** Environment of a task with the router at `router_url`, without what is its own. */
  task: (router_url: string) => Record<string, string>;
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
 * `ConfigError` with the faults of all three.
 */
export function stackSettings(env: Environment): StackSettings {
  const base = withoutAws(env);
  const router = {
    ...base,
    // Requests are printed by the gateway; of the handlers themselves only what is amiss, unless it is asked for.
    LOG_LEVEL: env['LOG_LEVEL'] || 'warn',
    POWERTOOLS_METRICS_DISABLED: 'true',
    ...ROUTER_FIXED,
  };
  const task = (router_url: string) => ({ ...base, ...TASK_FIXED, ROUTER_URL: router_url });

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
  collect(() => taskConfig(task('http://localhost')));
  if (local === undefined || faults.size > 0) throw new ConfigError([...faults]);
  return { port: local.PORT, stream_tasks: local.STREAM_TASKS, store: local.STORE, router, task };
}
