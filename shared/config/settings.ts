/**
 * Every setting of Anteroom: the same names in Lambda, stream task and local stack. README and docs list them from
 * here. Durations are read as milliseconds.
 */
import { durationFaults } from '../domain/liveness.ts';
import { MAX_CLIENTS_CEILING } from '../protocol/api.ts';
import { fleetFaults, fleetSettings } from './fleet-settings.ts';
import * as read from './read.ts';

/** What router and tasks agree on. */
export const sharedSettings = {
  CONNECT_TIMEOUT: read.duration('how long a new client may take to open its socket', '30s', '1s', '10m'),
  RESUME_GRACE: read.duration('how long a seat is kept after its socket broke', '15s', '1s', '10m'),
  ROOM_CAPACITY: read.integer('rooms of a task at most', 100, 1, 100_000),
  HEARTBEAT: read.duration('time between two put-task calls of a task', '10s', '2s', '5m'),
  LEASE: read.duration('how long a task counts as live after a heartbeat', '30s', '5s', '1h'),
  ROUTER_SECRET_ID: read.text('name or ARN of the router secret in Secrets Manager'),
  LOG_LEVEL: read.choice('least level that is logged', ['debug', 'info', 'warn', 'error'], 'info'),
  ALLOWED_ORIGINS: read.origins(
    'origins whose pages may use this deployment, separated by commas; * is any',
    '*',
  ),
} as const;

export const routerSettings = {
  ...sharedSettings,
  ...fleetSettings,
  MAX_ROOMS: read.integer('rooms of the deployment at most', 1_000, 1, 100_000_000),
  MAX_CLIENTS: read.integer('clients of a room at most, and the default', 10, 1, MAX_CLIENTS_CEILING),
  ROOM_ID_DIGITS: read.integer('digits of a room id', 5, 4, 12),
  ROOM_TTL: read.duration(
    'how long a room lives that nobody is connected to, 5m or more',
    '24h',
    '5m',
    '30d',
  ),
  FAILED_JOINS: read.integer(
    'joins of one source address that may fail (404) within FAILED_JOINS_WINDOW, against guessing; 0: any number',
    30,
    0,
    1_000_000,
  ),
  FAILED_JOINS_WINDOW: read.duration('how long failed joins are counted together', '5m', '1s', '24h'),
  KINDS: read.words('kinds of task that this deployment runs', ['relay', 'render'], 'relay'),
  PLACEMENT: read.choice('spread rooms over tasks, or fill tasks one by one', ['spread', 'packed'], 'spread'),
  REGION: read.text('region that this deployment serves'),
  TASKS_TABLE: read.text('name of the Tasks table'),
  ROOMS_TABLE: read.text('name of the Rooms table'),
  ECS_CLUSTER: read.text('name or ARN of the ECS cluster of the stream tasks'),
  CONTROL_URL: read.optionalText(
    'address of the control channel for clients; unset: there is none',
    /^wss?:\/\/[^\s?#]+$/,
    'must be a WebSocket URL such as wss://control.room.example/prod',
  ),
  CONTROL_ENDPOINT: read.optionalText(
    'where the connections of the control channel are spoken to (@connections); unset: nothing is told',
    /^https?:\/\/[^\s?#]+$/,
    'must be a URL such as https://<api>.execute-api.<region>.amazonaws.com/<stage>',
  ),
  TASK_ZONE: read.optionalText(
    'DNS zone of the tasks: the host of a PUBLIC_URL must then be <task id in lower case>.<zone>',
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
    'must be a DNS name in lower case, such as tasks.example',
  ),
  ALLOW_PRIVATE_ADDRESSES: read.flag('believe put-task with a private address (local stack only)', false),
} as const;

export const taskSettings = {
  ...sharedSettings,
  ROUTER_URL: read.text(
    'base URL of the router API',
    /^https?:\/\/[^\s]+$/,
    'must be a URL such as https://room.example',
  ),
  PORT: read.integer('port to listen on; 0 picks one', 5_001, 0, 65_535),
  REGION: read.text('region that this task serves'),
  KIND: read.choice('kind of the task', ['relay', 'render'], 'relay'),
  TASK_ID: read.optionalText(
    'id of the task; unset: the id that ECS gave it, else a random one',
    /^[A-Za-z0-9_-]{1,64}$/,
    'must be 1 to 64 characters of A–Z, a–z, 0–9, "_" and "-"',
  ),
  PUBLIC_ADDRESS: read.optionalText('public IP address of the task; unset: found through AWS'),
  PUBLIC_URL: read.optionalText(
    'address for clients; unset: ws://<public address>:<port>',
    /^wss?:\/\/[^/\s]+$/,
    'must be ws://host[:port] or wss://host[:port]',
  ),
  MAX_FRAME_BYTES: read.integer('largest message, bytes', 65_536, 1_024, 16_777_216),
  MESSAGE_RATE: read.integer('messages a second that one client may send', 1_000, 1, 10_000_000),
  BYTE_RATE: read.integer('bytes a second that one client may send', 4_194_304, 1_024, 10_000_000_000),
  SEND_BUDGET: read.integer('bytes that may wait for one slow receiver', 1_048_576, 65_536, 1_073_741_824),
  LANE: read.choice(
    'how WebSockets are served: fast, where this Node allows it, or by the ws library alone',
    ['fast', 'ws'],
    'fast',
  ),
  DRAIN_DEADLINE: read.duration(
    'how long a task that is to end goes on serving clients while its rooms move to others',
    '100s',
    '0s',
    '110s',
  ),
  IDLE_STOP: read.duration(
    'a task ends by itself when it has had no client for so long; 0: never',
    '0s',
    '0s',
    '24h',
  ),
  MAX_SOCKETS_PER_ADDRESS: read.integer('sockets that one address may hold open', 500, 1, 1_000_000),
} as const;

export const localSettings = {
  PORT: read.integer('port of the local router and page; 0 picks one', 8_787, 0, 65_535),
  STREAM_TASKS: read.integer('stream tasks that the local fleet has at least', 2, 0, 64),
  DYNAMODB_LOCAL: read.optionalText(
    'endpoint of a DynamoDB Local that runs already, for the local stack to use; unset: it starts one of its own',
    /^https?:\/\/[^\s]+$/,
    'must be a URL such as http://127.0.0.1:8000',
  ),
  TASK_FILE: read.optionalText(
    'file of a bundled stream task (node scripts/build-task.ts), for the local fleet to run in place of the sources',
  ),
  STORE: read.optionalChoice('store of the local stack; unset: DynamoDB Local where Java is, else memory', [
    'dynamodb',
    'memory',
  ]),
} as const;

export type RouterConfig = ReturnType<typeof routerConfig>;
export type TaskConfig = ReturnType<typeof taskConfig>;
export type LocalConfig = ReturnType<typeof localConfig>;

/** Reads the settings of the Lambdas. Throws `ConfigError` with every fault. */
export function routerConfig(env: read.Environment) {
  return read.readSettings(env, routerSettings, (values) => {
    const faults = [...durationFaults(values), ...fleetFaults(values)];
    if (values.MAX_ROOMS > 10 ** values.ROOM_ID_DIGITS / 10) {
      faults.push(
        `MAX_ROOMS must be at most a tenth of the room ids (${10 ** values.ROOM_ID_DIGITS / 10} with ROOM_ID_DIGITS=${values.ROOM_ID_DIGITS}), else free ids get hard to find: raise ROOM_ID_DIGITS`,
      );
    }
    return faults;
  });
}

/** Reads the settings of a stream task. Throws `ConfigError` with every fault. */
export function taskConfig(env: read.Environment) {
  return read.readSettings(env, taskSettings, (values) => {
    const faults: string[] = [];
    if (values.LEASE <= 2 * values.HEARTBEAT) faults.push('LEASE must be more than twice HEARTBEAT');
    if (values.SEND_BUDGET < 2 * values.MAX_FRAME_BYTES) {
      faults.push(
        'SEND_BUDGET must be at least twice MAX_FRAME_BYTES, else one message ends a healthy receiver',
      );
    }
    return faults;
  });
}

/** Reads the settings of the local stack. Throws `ConfigError` with every fault. */
export function localConfig(env: read.Environment) {
  return read.readSettings(env, localSettings);
}
