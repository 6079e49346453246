/**
 * The control plane over HTTP in this process: the real use cases on the store in memory, for whole tasks and clients of
 * the SDK. The way between it and a task can be cut, in both directions, while clients still reach the task.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpTaskClient } from '../../shared/adapters/http-task-client.ts';
import { memoryRoomStore } from '../../shared/adapters/memory/store.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system.ts';
import { routerConfig } from '../../shared/config/settings.ts';
import type { RoomStore } from '../../shared/ports/room-store.ts';
import type { TaskAddress } from '../../shared/ports/task-client.ts';
import {
  createRoomRequest,
  joinRoomRequest,
  migrateRoomRequest,
  putTaskRequest,
  removeClientRequest,
} from '../../shared/protocol/api.ts';
import { problem, PROBLEM_TYPE, PROBLEMS } from '../../shared/protocol/problem.ts';
import { createRoom } from '../../shared/use-cases/create-room.ts';
import type { Deps } from '../../shared/use-cases/deps.ts';
import { joinRoom } from '../../shared/use-cases/join-room.ts';
import { migrateRoom } from '../../shared/use-cases/migrate-room.ts';
import type { Outcome } from '../../shared/use-cases/outcome.ts';
import { putTask } from '../../shared/use-cases/put-task.ts';
import { removeClient } from '../../shared/use-cases/remove-client.ts';
import { resumeClient } from '../../shared/use-cases/resume-client.ts';
import { secrets } from './relay.ts';

export interface SmallRouter extends AsyncDisposable {
  readonly url: string;
  readonly store: RoomStore;
  /** Ids of the tasks that are cut off. */
  readonly cut: Set<string>;
}

const ENVIRONMENT = {
  REGION: 'eu-north-1',
  TASKS_TABLE: 'tasks',
  ROOMS_TABLE: 'rooms',
  ECS_CLUSTER: 'cluster',
  ROUTER_SECRET_ID: 'secret',
  ALLOW_PRIVATE_ADDRESSES: 'true',
  // Nobody launches tasks: a room that finds no place does not wait for one, unless a test says so.
  MAX_TASKS: '0',
};

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) text += chunk as string;
  return JSON.parse(text);
}

/** `settings`: of the router, such as `{ LEASE: '5s' }`. */
export async function startSmallRouter(settings: Record<string, string>): Promise<SmallRouter> {
  const cut = new Set<string>();
  const store = memoryRoomStore();
  const real = httpTaskClient(secrets, systemClock);
  const unlessCut = <T>(task: TaskAddress, call: () => Promise<T>) =>
    cut.has(task.task_id) ? Promise.resolve({ kind: 'silent' } as const) : call();
  const deps: Deps = {
    policy: routerConfig({ ...ENVIRONMENT, ...settings }),
    store,
    tasks: {
      register: (task, request) => unlessCut(task, () => real.register(task, request)),
      rooms: (task, room_id) => unlessCut(task, () => real.rooms(task, room_id)),
      drain: (task) => unlessCut(task, () => real.drain(task)),
    },
    secrets,
    clock: systemClock,
    random: systemRandom,
    // The fleet knows nothing better: every task runs.
    fleet: {
      list: () => Promise.resolve([]),
      describe: (task_arn) => Promise.resolve({ task_arn, state: 'running' }),
      launch: () => Promise.resolve({ launched: [], failures: [] }),
      stop: () => Promise.resolve(),
    },
    telemetry: { count() {}, info() {}, warn() {} },
    push: undefined,
    waker: { wake: () => Promise.resolve() },
  };

  const routes: Record<string, (body: unknown, request: IncomingMessage) => Promise<Outcome<unknown>>> = {
    '/create-room': (body) => createRoom(deps, createRoomRequest.parse(body)),
    '/join-room'(body) {
      const { room_id, client_id, ticket } = joinRoomRequest.parse(body);
      return client_id === undefined || ticket === undefined
        ? joinRoom(deps, { room_id })
        : resumeClient(deps, { room_id, client_id, ticket });
    },
    '/put-task': (body, { headers }) =>
      putTask(deps, putTaskRequest.parse(body), headers['remote'] as string | undefined),
    '/remove-client': (body) => removeClient(deps, removeClientRequest.parse(body)),
    '/migrate-room': (body, { headers }) =>
      migrateRoom(deps, tokenIssuer(headers.authorization) ?? '', migrateRoomRequest.parse(body)),
  };

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const answer = async (): Promise<void> => {
      const body = await readJson(request);
      const { task_id } = body as { task_id?: string };
      // Also for who removes a client: it does not say which task it is.
      const from = task_id ?? tokenIssuer(request.headers.authorization);
      if (from !== undefined && cut.has(from)) return void request.socket.destroy();
      const outcome = await routes[path]!(body, request);
      if (outcome.ok) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(outcome.value));
        return;
      }
      const { code, detail, retry_after_s } = outcome.refusal;
      response
        .writeHead(PROBLEMS[code].status, {
          'content-type': PROBLEM_TYPE,
          ...(retry_after_s === undefined ? {} : { 'retry-after': String(retry_after_s) }),
        })
        .end(JSON.stringify(problem(code, detail, 'test')));
    };
    answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    store,
    cut,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Who signed a call, unchecked: the real functions check it. */
function tokenIssuer(authorization: string | undefined): string | undefined {
  const payload = authorization?.split('.')[1];
  if (payload === undefined) return undefined;
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { iss?: string }).iss;
}
