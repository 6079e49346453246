/** The routes of the router: the local gateway with the real handlers, over the memory store and a real relay. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { CLUSTER } from '../../../dev/aws/local-task.ts';
import { gateway } from '../../../dev/router/gateway.ts';
import type { Handler } from '../../../dev/router/invoke.ts';
import { readManifest } from '../../../dev/router/manifest.ts';
import { memoryRoomStore } from '../../../shared/adapters/memory/store.ts';
import { authorize, ROUTER } from '../../../shared/domain/token.ts';
import type { Grant, PutTaskRequest } from '../../../shared/protocol/api.ts';
import { paperFleet, REGION, SECRET_NAME, startTestAws } from '../../support/aws.ts';
import { SECRET } from '../../support/relay.ts';
import { anyRequest, mostly, send, type Request } from '../http-requests.ts';
import { checkResponse } from '../http-answers.ts';
import { startUnderFire } from '../relay-under-fire.ts';
import type { Target } from '../target.ts';

const SERVERLESS = fileURLToPath(new URL('../../../serverless.yml', import.meta.url));
/** Where the handlers look for a store that they share (functions/runtime/deps.ts). */
const LOCAL_STORE = Symbol.for('anteroom.room-store');
/** The task that the requests speak for. */
const TASK = 'fuzz-task';

const roomId = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 30 }).map((n) => String(n).padStart(4, '0')) },
  { weight: 1, arbitrary: fc.oneof(fc.string(), fc.jsonValue()) },
);
const number = fc.oneof(
  { weight: 15, arbitrary: fc.integer({ min: 1, max: 5 }) },
  { weight: 1, arbitrary: fc.oneof(fc.integer(), fc.double(), fc.constant(Number.MAX_SAFE_INTEGER)) },
);
const json = (record: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  record.map((value) => JSON.stringify(value) ?? '');

const create = json(
  fc.record(
    {
      max_clients: number,
      kind: mostly('relay', 8, fc.constantFrom('render', '__proto__')),
      extra: mostly<unknown>(undefined, 8, fc.jsonValue()),
    },
    { requiredKeys: [] },
  ),
);
const join = json(
  fc.record(
    {
      room_id: roomId,
      client_id: fc.oneof(fc.uuid(), fc.jsonValue()),
      ticket: fc.oneof(fc.constant('A'.repeat(43)), fc.jsonValue()),
    },
    { requiredKeys: ['room_id'] },
  ),
);
const roomEpoch = fc.record({ room_id: roomId, epoch: number });
/** Its address is of this machine and nobody listens there: nothing of a case calls anything else. */
const putTask = json(
  fc.record(
    {
      task_id: mostly(TASK, 15, fc.constant('other')),
      kind: fc.constant('relay'),
      region: mostly<string>(REGION, 15, fc.constantFrom('elsewhere', '')),
      state: fc.constantFrom('READY', 'READY', 'DRAINING', 'STOPPED', 'STANDBY'),
      port: mostly<number>(1, 15, fc.constantFrom(0, 65_536)),
      url: mostly<string>(
        'ws://127.0.0.1:1',
        8,
        fc.constantFrom('ws://127.0.0.1:1/', 'ws://192.0.2.1:1', 'http://127.0.0.1', 'ws://[', 'ws://@'),
      ),
      room_capacity: number,
      clients: number,
      started_at: number,
      heartbeat_seq: number,
      rooms: fc.array(roomEpoch, { maxLength: 4 }),
      connects: fc.array(
        fc.record({ room_id: roomId, epoch: number, client_id: fc.uuid(), generation: number }),
        {
          maxLength: 3,
        },
      ),
      extra: mostly<unknown>(undefined, 8, fc.jsonValue()),
    },
    {
      requiredKeys: [
        'task_id',
        'kind',
        'region',
        'state',
        'port',
        'url',
        'room_capacity',
        'clients',
        'started_at',
        'heartbeat_seq',
        'rooms',
        'connects',
      ],
    },
  ),
);
const remove = json(fc.record({ room_id: roomId, epoch: number, client_id: fc.uuid(), generation: number }));

const fields: fc.Arbitrary<[string, string]> = fc.oneof(
  fc.constantFrom<[string, string]>(
    ['Remote', '127.0.0.1'],
    ['Remote', '127.0.0.1'],
    ['Remote', '127.0.0.1, 127.0.0.1'],
    ['Remote', 'x'],
    ['Origin', 'https://app.example'],
    ['Access-Control-Request-Method', 'POST'],
    ['Expect', '100-continue'],
    ['X-Forwarded-For', '::1, x'],
    ['Cookie', 'a=1; b'],
    ['Idempotency-Key', 'short'],
  ),
  fc
    .uint8Array({ minLength: 16, maxLength: 32 })
    .map((key): [string, string] => ['Idempotency-Key', Buffer.from(key).toString('base64url')]),
);

/** `request` for a room that there is, if it is for one of those with a low number. */
function withRoom(request: Request, rooms: readonly string[]): Request {
  if (rooms.length === 0 || typeof request.body !== 'string') return request;
  const body = request.body.replace(/"room_id":"00([0-9]{2})"/, (_, n: string) => {
    return `"room_id":"${rooms[Number(n) % rooms.length]!}"`;
  });
  return { ...request, body };
}

async function startRouter(aws: Record<string, string>) {
  Object.assign(process.env, aws, {
    LOG_LEVEL: 'error',
    POWERTOOLS_METRICS_DISABLED: 'true',
    REGION,
    TASKS_TABLE: 'none',
    ROOMS_TABLE: 'none',
    ROUTER_SECRET_ID: SECRET_NAME,
    ECS_CLUSTER: CLUSTER,
    ALLOW_PRIVATE_ADDRESSES: 'true',
    ROOM_ID_DIGITS: '4',
    MAX_ROOMS: '40',
  });
  // One store for all runs of this process: the handlers keep the first that they see.
  const shared = globalThis as { [LOCAL_STORE]?: unknown };
  shared[LOCAL_STORE] ??= memoryRoomStore();
  const manifest = readManifest(SERVERLESS, process.env);
  const handlers = new Map<string, Handler>();
  for (const spec of manifest.functions) {
    const loaded = (await import(pathToFileURL(spec.file).href)) as Record<string, Handler>;
    handlers.set(spec.name, loaded[spec.export]!);
  }
  const printed: string[] = [];
  const listener = gateway({
    region: REGION,
    application: () => ({ manifest, handlers }),
    print: (line) => printed.push(line),
    page: async (_request, _response, notFound) => notFound(),
  });
  const limits = { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 50 };
  const server = createServer(limits, (request, response) => {
    listener(request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    paths: [...new Set([...manifest.routes.keys()].map((route) => route.split(' ')[1]!))],
    printed,
  };
}

export const routerHttpTarget: Target = {
  name: 'router-http',
  async start() {
    const fire = await startUnderFire();
    const aws = await startTestAws({
      fleet: paperFleet(),
      secret: { name: SECRET_NAME, value: SECRET.current },
    });
    const router = await startRouter(aws.doubles.env);
    const { relay } = fire;
    let beats = 0;
    const rooms: string[] = [];

    /** The relay registers, as its task would: creates have a place to go. */
    async function heartbeat(state: PutTaskRequest['state']): Promise<void> {
      const body = JSON.stringify({
        task_id: relay.task_id,
        kind: 'relay',
        region: REGION,
        state,
        port: relay.port,
        url: relay.url,
        room_capacity: 50,
        clients: 0,
        started_at: relay.started_at,
        heartbeat_seq: beats++,
        rooms: [],
        connects: [],
      } satisfies PutTaskRequest);
      const authorization = await authorize(
        { issuer: relay.task_id, audience: ROUTER, subject: relay.task_id },
        { method: 'POST', path: '/put-task', body },
        SECRET,
        Date.now(),
      );
      const response = await fetch(`http://127.0.0.1:${router.port}/put-task`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          authorization,
          remote: '127.0.0.1',
          connection: 'close',
        },
      });
      if (response.status !== 200)
        throw new Error(`put-task answered ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
    }
    await heartbeat('READY');
    const renew = setInterval(() => void heartbeat('READY').catch(() => undefined), 5_000);

    const bodies = {
      '/create-room': create,
      '/join-room': join,
      '/put-task': putTask,
      '/remove-client': remove,
    };
    const signer = { secret: SECRET.current, issuer: TASK, audience: ROUTER, subject: TASK };
    const property = fc.asyncProperty(
      anyRequest(router.paths, bodies, fields).chain((request) =>
        request.path === '/put-task'
          ? mostly(true, 8, fc.constant(false)).map((told) => ({
              ...request,
              fields: told
                ? [...request.fields, ['Remote', '127.0.0.1'] as [string, string]]
                : request.fields,
            }))
          : fc.constant(request),
      ),
      async (drawn) => {
        const request = withRoom(drawn, rooms);
        const [response] = await Promise.all([send(router.port, request, signer), fire.canary.chirp()]);
        checkResponse('router', request, response);
        if (response?.status === 201) rooms.push((JSON.parse(response.body) as Grant).room_id);
        const threw = router.printed.splice(0).find((line) => / threw | took longer /.test(line));
        if (threw !== undefined) throw new Error(threw);
      },
    );
    return {
      property,
      // Seats that were given away and never taken up run out by themselves.
      settled: () => fire.settled(),
      async stop() {
        clearInterval(renew);
        await heartbeat('STOPPED');
        router.server.closeAllConnections();
        router.server.close();
        await Promise.all([fire.stop(), aws.doubles.stop()]);
      },
    };
  },
};
