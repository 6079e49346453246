/** A whole stream task in this process, for tests with a router that only listens and answers. */
import type { DestinationStream } from 'pino';
import { taskConfig, type TaskConfig } from '../../shared/config/settings.ts';
import type { SecretSource } from '../../shared/ports/secrets.ts';
import type { RegisterRequest } from '../../shared/protocol/api.ts';
import { credentialsToken } from '../../shared/protocol/subprotocol.ts';
import { createLog } from '../../stream-task/log.ts';
import { startTask, type StreamTask } from '../../stream-task/task.ts';
import { TIMING, type Timing } from '../../stream-task/timing.ts';
import {
  callTask,
  newClient,
  newRoomId,
  Peer,
  quiet,
  RELAY_CONFIG,
  seatOf,
  secrets,
  type TestClient,
} from './relay.ts';

export interface WholeTask extends AsyncDisposable {
  task: StreamTask;
  config: TaskConfig;
}

export interface WholeTaskOptions {
  env?: Record<string, string>;
  timing?: Partial<Timing>;
  source?: SecretSource;
  /** Where its log goes. Default: nowhere. */
  log?: DestinationStream;
}

/** A whole task in this process that talks to `router`. Its heartbeat is as fast as a setting may be. */
export async function startWholeTask(
  router: { url: string },
  { env = {}, timing = {}, source = secrets, log }: WholeTaskOptions = {},
): Promise<WholeTask> {
  const config = taskConfig({
    ROUTER_URL: router.url,
    ROUTER_SECRET_ID: 'unused',
    REGION: 'eu-north-1',
    PORT: '0',
    PUBLIC_ADDRESS: '203.0.113.7',
    HEARTBEAT: '2s',
    LANE: RELAY_CONFIG.LANE,
    ...env,
  });
  const task = await startTask(config, {
    secrets: source,
    endpoints: { ecs: undefined, instance: undefined },
    ecsAddress: () => Promise.reject(new Error('not asked outside ECS')),
    log: () => (log === undefined ? quiet : createLog('info', {}, log)),
    timing: { ...TIMING, retry_first: 20, ...timing },
  });
  return { task, config, [Symbol.asyncDispose]: () => task.stop() };
}

/** Calls `POST /register` of the task: status and code of the answer. */
export async function registerAt(
  { task }: WholeTask,
  request: Pick<RegisterRequest, 'room_id' | 'clients'> & Partial<RegisterRequest>,
): Promise<string> {
  const { status, body } = await callTask(
    { port: task.relay.port, task_id: task.task_id },
    'POST',
    '/register',
    { created_at: 1, epoch: 1, max_clients: 4, ...request },
  );
  return status === 200 ? 'registered' : `${status} ${String(body['code'])}`;
}

/** Opens a socket of a client. */
export function connectTo(
  { task }: WholeTask,
  room_id: string,
  client: TestClient,
  protocol = 'anteroom.v1',
): Promise<Peer> {
  return Peer.open(`ws://127.0.0.1:${task.relay.port}`, [protocol, credentialsToken({ room_id, ...client })]);
}

/** Registers a client at the task and connects it; in a v1 room its welcome is read already. */
export async function enter(running: WholeTask, protocol = 'anteroom.v1', room_id = newRoomId()) {
  const client = newClient();
  await registerAt(running, { room_id, clients: [seatOf(client)] });
  const peer = await connectTo(running, room_id, client, protocol);
  if (protocol === 'anteroom.v1') await peer.welcomed();
  return { room_id, client, peer };
}
