import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createUnencryptedRoom, joinUnencryptedRoom } from '../../../client/src/node/index.ts';
import { CLUSTER } from '../../../dev/aws/local-task.ts';
import { spawnRouter, takePort } from '../../../dev/router-process.ts';
import { makeRunFolder } from '../../../dev/run-folder.ts';
import { REGION, SECRET_NAME } from '../../../dev/settings.ts';
import { secretsManagerSource } from '../../../shared/adapters/secrets-manager.ts';
import { authorize, ROUTER } from '../../../shared/domain/token.ts';
import type { RouterSecret } from '../../../shared/ports/secrets.ts';
import type {
  AvailableTasks,
  OpenGrant,
  PutTaskRequest,
  RegisterRequest,
  RemoveClientRequest,
  TaskRooms,
} from '../../../shared/protocol/api.ts';
import type { Problem } from '../../../shared/protocol/problem.ts';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { frameOf } from '../../support/canary.ts';
import { lineLog } from '../../support/line-log.ts';
import { newClient, newRoomId, Peer, seatOf } from '../../support/relay.ts';
import { type Stack, startStack } from '../../support/stack.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let stack: Stack;
let secret: RouterSecret;
beforeAll(async () => {
  // Seats that nobody takes up run out within the patience of a test.
  stack = await startStack({ env: { STREAM_TASKS: '2', CONNECT_TIMEOUT: '3s' }, restart: false });
  const client = new SecretsManagerClient({
    region: REGION,
    endpoint: stack.aws['AWS_ENDPOINT_URL_SECRETS_MANAGER']!,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  secret = await secretsManagerSource(SECRET_NAME, { client }).get();
  client.destroy();
});
afterAll(() => stack.stop());

async function call(base: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(new URL(path, base), {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', connection: 'close', ...headers },
  });
  return { status: response.status, body: (await response.json()) as OpenGrant & Partial<Problem> };
}
const create = async () => (await call(stack.url, '/create-room', {})).body;
const enter = async (room_id: string) => (await call(stack.url, '/join-room', { room_id })).body;
const resume = ({ room_id, client_id, ticket }: OpenGrant) =>
  call(stack.url, '/join-room', { room_id, client_id, ticket });
const open = (grant: OpenGrant, credentials: OpenGrant = grant) =>
  Peer.open(grant.url, ['anteroom.v1', credentialsToken(credentials)]);
const httpUrl = ({ url }: { url: string }) => url.replace(/^ws/, 'http');

/** `Authorization` of a task for a call of the router. */
const asTask = (task_id: string, path: string, body: string) =>
  authorize(
    { issuer: task_id, audience: ROUTER, subject: task_id },
    { method: 'POST', path, body },
    secret,
    Date.now(),
  );
/** `Authorization` of the router for a call of a task. */
const asRouter = (task_id: string, method: 'GET' | 'POST', path: string, body: string) =>
  authorize(
    { issuer: ROUTER, audience: task_id, subject: task_id },
    { method, path, body },
    secret,
    Date.now(),
  );

/** Seats that the task of `grant` keeps for its room. */
async function seats(grant: OpenGrant): Promise<number> {
  const { tasks } = (await (await fetch(`${stack.url}/available-tasks`)).json()) as AvailableTasks;
  const { task_id } = tasks.find(({ url }) => url === grant.url)!;
  const authorization = await asRouter(task_id, 'GET', '/rooms', '');
  const response = await fetch(`${httpUrl(grant)}/rooms?room_id=${grant.room_id}`, {
    headers: { authorization, connection: 'close' },
  });
  return ((await response.json()) as TaskRooms).rooms.flatMap(({ clients }) => clients).length;
}

describe('refused, over the whole stack', () => {
  it('[R16] a frame that names the slot of another: 4400, and nobody gets it', async () => {
    const grant = await create();
    const [spoofer, victim, witness] = [
      await open(grant),
      await open(await enter(grant.room_id)),
      await open(await enter(grant.room_id)),
    ];
    for (const peer of [spoofer, victim, witness]) await peer.welcomed();
    spoofer.send(frameOf(victim.slot, 'not from the victim'));
    expect(await spoofer.closed).toEqual({ code: 4400, reason: 'frame: source' });
    victim.send(frameOf(victim.slot, 'from the victim'));
    for (;;) {
      const { data, binary } = await witness.next();
      if (!binary) continue;
      expect(data.equals(frameOf(victim.slot, 'from the victim'))).toBe(true);
      break;
    }
    victim.ws.close(1000);
    witness.ws.close(1000);
  });

  it('[R9] the ticket of another room, of another client, and one that has expired: 4401', async () => {
    const [here, elsewhere] = [await create(), await create()];
    const peer = await open(here);
    const other = await enter(here.room_id);
    for (const credentials of [
      { ...here, ticket: elsewhere.ticket },
      { ...here, client_id: elsewhere.client_id, ticket: elsewhere.ticket },
      { ...here, room_id: elsewhere.room_id },
      { ...here, ticket: other.ticket },
    ]) {
      const refused = await open(here, credentials);
      expect((await refused.closed).code).toBe(4401);
    }
    expect(peer.open).toBe(true);

    // Nobody comes for `other` and `elsewhere`: their task takes the seats away, and tells the router.
    expect(elsewhere.expires_at - Date.now()).toBeLessThanOrEqual(3_000);
    await expect.poll(() => seats(elsewhere), { timeout: 20_000 }).toBe(0);
    await expect.poll(() => seats(here), { timeout: 20_000 }).toBe(1);
    expect((await (await open(elsewhere)).closed).code).toBe(4401);
    expect((await (await open(other)).closed).code).toBe(4401);
    const codes = async () => [(await resume(elsewhere)).body.code, (await resume(other)).body.code];
    await expect.poll(codes, { timeout: 20_000 }).toEqual(['room_not_found', 'client_not_found']);
    peer.ws.close(1000);
  });

  it('whose first grant reaches it after its seat has run out, a client of the SDK takes another', async () => {
    const host = await createUnencryptedRoom({ router: stack.url });
    /** Holds the first answer back until the task keeps no more than `others` seats for its room. */
    const held = (others: number) => {
      const grants: OpenGrant[] = [];
      const late: typeof fetch = async (input, init) => {
        const response = await fetch(input, init);
        if (!response.ok) return response;
        const grant = (await response.clone().json()) as OpenGrant;
        grants.push(grant);
        while (grants.length === 1 && (await seats(grant)) > others) await sleep(50);
        return response;
      };
      return { late, grants };
    };
    const [creating, joining] = [held(0), held(1)];
    const [created, joined] = await Promise.all([
      createUnencryptedRoom({ router: stack.url, fetch: creating.late }),
      joinUnencryptedRoom({ router: stack.url, room_id: host.room_id, fetch: joining.late }),
    ]);
    expect(created.seat).not.toMatchObject({ ticket: creating.grants[0]!.ticket });
    expect(joined.room_id).toBe(host.room_id);
    expect(joined.members.map(({ client_id }) => client_id)).toEqual([host.client_id]);
    await Promise.all([created.leave(), joined.leave(), host.leave()]);
  });

  it('a token of the router that is sent again with another body, path or to another task: 401, 409', async () => {
    const grant = await create();
    const task_id = await stack.taskOf(grant.room_id);
    const request = (room_id: string): string =>
      JSON.stringify({
        room_id,
        created_at: 1,
        epoch: 1,
        max_clients: 1,
        clients: [seatOf(newClient(), 1, 1_000)],
      } satisfies RegisterRequest);
    const own = request(newRoomId());
    const authorization = await asRouter(task_id, 'POST', '/register', own);
    const at = httpUrl(grant);
    const send = async (url: string, path: string, body: string) => {
      const { status, body: answer } = await call(url, path, body, { authorization });
      return answer.code === undefined ? `${status}` : `${status} ${answer.code}`;
    };
    expect(await send(at, '/register', own)).toBe('200');
    expect(await send(at, '/register', request(newRoomId()))).toBe('401 unauthorized');
    expect(await send(at, '/register', `${own} `)).toBe('401 unauthorized');
    expect((await fetch(`${at}/rooms`, { headers: { authorization } })).status).toBe(401);
    expect(await send(stack.url, '/put-task', own), 'of the router itself').toBe('401 unauthorized');
    const { tasks } = (await (await fetch(`${stack.url}/available-tasks`)).json()) as AvailableTasks;
    const another = tasks.find((task) => task.task_id !== task_id)!;
    expect(await send(httpUrl(another), '/register', own)).toBe('409 wrong_task');
  });

  it('the removal of an older connection, and one of an older epoch: 200, and nothing is done', async () => {
    const grant = await create();
    const remove = async (epoch: number, generation: number) => {
      const { room_id, client_id } = grant;
      const body = JSON.stringify({ room_id, client_id, epoch, generation } satisfies RemoveClientRequest);
      const task_id = stack.tasks()[0]!.task_id;
      const authorization = await asTask(task_id, '/remove-client', body);
      return call(stack.url, '/remove-client', body, { authorization });
    };
    const nothing = { status: 200, body: { removed: false } };
    const done = { status: 200, body: { removed: true } };
    // The client resumes: its first connection, of generation 1, is over.
    const second = await open((await resume(grant)).body);
    await second.welcomed();
    expect(await remove(grant.epoch, 1)).toEqual(nothing);

    // Its task dies, the room is placed anew, and the client resumes there: the first epoch is over.
    await stack.killTaskOf(grant.room_id);
    expect((await second.closed).code).toBe(1006);
    const third = (await resume(grant)).body;
    expect(third.epoch).toBeGreaterThan(grant.epoch);
    const peer = await open(third);
    expect((await peer.welcomed()).epoch).toBe(third.epoch);
    for (const generation of [1, 2, 3, 99]) expect(await remove(grant.epoch, generation)).toEqual(nothing);
    expect(await remove(third.epoch, 2)).toEqual(nothing);
    expect(peer.open).toBe(true);
    expect((await resume(grant)).status, 'it is still a member').toBe(200);

    // The newest of both is believed.
    expect(await remove(third.epoch, 4)).toEqual(done);
    expect((await resume(grant)).body.code).toBe('room_not_found');
    peer.ws.terminate();
  });
});

describe('put-task, where private addresses are not allowed', () => {
  const folder = makeRunFolder(ROOT);
  const log = lineLog();
  let router: ReturnType<typeof spawnRouter>;
  let url: string;
  beforeAll(async () => {
    const { socket, port } = await takePort(0);
    url = `http://localhost:${port}`;
    router = spawnRouter(process.env, log.print);
    await router.start(
      {
        kind: 'start',
        manifest: `${ROOT}/serverless.yml`,
        run: folder.path,
        region: REGION,
        store: 'memory',
        page: { root: folder.path, cache: folder.path, lazy: true },
        // As the router of the stack, but for the flag.
        env: {
          ...stack.aws,
          LOG_LEVEL: 'warn',
          POWERTOOLS_METRICS_DISABLED: 'true',
          REGION,
          TASKS_TABLE: 'none',
          ROOMS_TABLE: 'none',
          ROUTER_SECRET_ID: SECRET_NAME,
          ECS_CLUSTER: CLUSTER,
          ALLOW_PRIVATE_ADDRESSES: 'false',
        },
      },
      socket,
    );
  });
  afterAll(async () => {
    await router.end();
    folder.remove();
  });

  it.each([
    ['127.0.0.1', 'ws://127.0.0.1:5001'],
    ['10.0.0.7', 'ws://10.0.0.7:5001'],
    ['172.16.0.7', 'ws://172.16.0.7:5001'],
    ['192.168.0.7', 'ws://192.168.0.7:5001'],
    ['169.254.169.254', 'ws://169.254.169.254'],
    ['100.64.0.1', 'ws://100.64.0.1:5001'],
    ['0.0.0.0', 'ws://0.0.0.0:5001'],
    ['::1', 'ws://[::1]:5001'],
    ['::ffff:10.0.0.7', 'ws://[::ffff:10.0.0.7]:5001'],
    ['fd00::7', 'ws://[fd00::7]:5001'],
  ])('of %s: 422, and the task is not known', async (remote, address) => {
    const body = JSON.stringify({
      task_id: 'task',
      kind: 'relay',
      region: REGION,
      state: 'READY',
      port: 5_001,
      url: address,
      room_capacity: 10,
      clients: 0,
      started_at: 1,
      heartbeat_seq: 1,
      rooms: [],
      connects: [],
    } satisfies PutTaskRequest);
    const authorization = await asTask('task', '/put-task', body);
    const answer = await call(url, '/put-task', body, { authorization, remote });
    expect(answer).toMatchObject({
      status: 422,
      body: {
        code: 'invalid_request',
        faults: [{ path: 'Remote', message: expect.stringContaining('public') }],
      },
    });
    expect(await (await fetch(`${url}/available-tasks`)).json()).toMatchObject({ tasks: [] });
  });
});
