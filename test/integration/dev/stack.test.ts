import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { DescribeTasksCommand, ECSClient } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLUSTER } from '../../../dev/aws/local-task.ts';
import type { AvailableTasks, Grant } from '../../../shared/protocol/api.ts';
import { describeDynamo } from '../../support/dynamodb.ts';
import { lineLog } from '../../support/line-log.ts';
import { descendants, survivors } from '../../support/processes.ts';
import { type Stack, startStack } from '../../support/stack.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

async function availableTasks(stack: Stack): Promise<AvailableTasks['tasks']> {
  const response = await fetch(`${stack.url}/available-tasks`);
  return ((await response.json()) as AvailableTasks).tasks;
}

async function createRoom(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/create-room`, { method: 'POST' });
  return { status: response.status, body: await response.json() };
}

/** Runs dev/main.ts to its end. */
async function runMain(env: NodeJS.ProcessEnv): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['dev/main.ts'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

describe('npm run dev', () => {
  it('is ready when a room can be created; Ctrl-C ends every process', async () => {
    // As a terminal does it: Ctrl-C goes to npm and to what npm has started, all at once.
    const npm = spawn('npm', ['run', 'dev'], {
      cwd: ROOT,
      env: { ...process.env, PORT: '0', STORE: 'memory' },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(npm, 'exit');
    const log = lineLog();
    for (const stream of [npm.stdout, npm.stderr]) {
      createInterface({ input: stream }).on('line', log.print);
    }
    const line = await Promise.race([log.printed(/^ready /), exited.then(() => log.text())]);
    expect(line).toMatch(/^ready http:\/\/localhost:\d+$/);
    const url = line.slice('ready '.length);
    const room = await createRoom(url);
    expect(room.status).toBe(201);
    expect((room.body as Grant).url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(url)).text()).toContain('<title>Anteroom</title>');

    const pids = [npm.pid!, ...descendants(npm.pid!)];
    // npm, the stack, its router, two tasks.
    expect(pids.length).toBeGreaterThanOrEqual(5);
    process.kill(-npm.pid!, 'SIGINT');
    // npm itself passes for ended by the signal: its shell does.
    await exited;
    expect(await survivors(pids)).toEqual([]);
    expect(log.text()).toContain('stopping');
  });

  it('says which port is taken, and starts nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, out, err } = await runMain({ ...process.env, PORT: String(port), STORE: 'memory' });
    taken.close();
    expect(err.trim()).toBe(
      `port ${port} is taken by another process (perhaps another "npm run dev"): stop it or set PORT`,
    );
    expect([code, out]).toEqual([1, '']);
  });

  it('names every wrong setting at once, and starts nothing', async () => {
    const env = { ...process.env, MAX_ROOMS: '0', ROOM_CAPACITY: 'many', STORE: 'disk', MAX_ROOM_S: '1' };
    const { code, out, err } = await runMain(env);
    for (const name of ['MAX_ROOMS', 'ROOM_CAPACITY', 'STORE', 'MAX_ROOM_S']) {
      expect(err).toContain(`  - ${name} `);
    }
    expect([code, out]).toEqual([1, '']);
  });

  it('with STORE=dynamodb and no Java says what is missing', async () => {
    const { code, out, err } = await runMain({ PORT: '0', STORE: 'dynamodb', PATH: '' });
    expect(err).toContain('STORE=dynamodb needs Java');
    expect([code, out]).toEqual([1, '']);
  });
});

describe('the stack with the memory store', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ env: { STORE: 'memory' } });
  });
  afterAll(() => stack.stop());

  it('says which store it uses, and why', () => {
    expect(stack.output()).toContain('store: memory (STORE=memory)');
  });

  it('says what it lacks for disturbing connections, and disturbs processes', async () => {
    expect(stack.output()).toContain('connections too after "npm run dev -- --faults"');
    await expect(stack.fault('task-1', 'cut')).rejects.toThrow(
      'this stack was started without proxies: start it with "npm run dev -- --faults"',
    );
    await stack.freeze('task-1');
    await stack.thaw('task-1');
  });

  it('a task found its public address through metadata, ECS and EC2', async () => {
    const tasks = await availableTasks(stack);
    expect(tasks.map(({ task_id }) => task_id).sort()).toEqual(
      stack
        .tasks()
        .map(({ task_id }) => task_id)
        .sort(),
    );
    for (const task of tasks) {
      expect(task).toMatchObject({
        state: 'READY',
        url: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+$/) as string,
      });
    }
  });

  it('a task that is killed is STOPPED for ECS and replaced by another', async () => {
    const [victim, other] = stack.tasks();
    await stack.kill(victim!.task_id);
    const ecs = new ECSClient({
      region: stack.aws['AWS_REGION']!,
      endpoint: stack.aws['AWS_ENDPOINT_URL_ECS']!,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const { tasks } = await ecs.send(
      new DescribeTasksCommand({ cluster: CLUSTER, tasks: [victim!.task_arn, other!.task_arn] }),
    );
    ecs.destroy();
    expect(tasks).toMatchObject([
      { lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stopCode: 'EssentialContainerExited' },
      { lastStatus: 'RUNNING', desiredStatus: 'RUNNING' },
    ]);
    await stack.tasksMatch((running) => running.length === 2);
    const replacement = stack.tasks().find(({ task_id }) => task_id !== other!.task_id);
    expect(replacement?.task_id).not.toBe(victim!.task_id);
    await stack.printed(/^\[task 3\] registered with the router/);
    const known = await availableTasks(stack);
    expect(known.find(({ task_id }) => task_id === replacement?.task_id)?.state).toBe('READY');
  });

  it('killed outright, without a chance to clean up, it leaves nothing behind', async () => {
    const pids = descendants(stack.pid);
    expect(pids.length).toBeGreaterThanOrEqual(3);
    await stack.stop('SIGKILL');
    expect(await survivors(pids)).toEqual([]);
  });
});

describe('however the stack ends, it leaves nothing behind', () => {
  it('by Ctrl-C, with a task that does not react and one that is not replaced', async () => {
    const stack = await startStack({ env: { STORE: 'memory' }, restart: false });
    const pids = descendants(stack.pid);
    const [killed, frozen] = stack.tasks();
    await stack.kill(killed!.task_id);
    expect(stack.tasks()).toEqual([frozen]);
    await stack.kill(frozen!.task_id, 'SIGSTOP');
    expect(await stack.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(await survivors(pids)).toEqual([]);
    expect(stack.output()).not.toContain('[task 3]');
  });

  it('because its router has ended', async () => {
    const stack = await startStack({ env: { STORE: 'memory' } });
    const pids = descendants(stack.pid);
    const tasks = stack.tasks().map(({ pid }) => pid);
    const router = pids.find((pid) => !tasks.includes(pid));
    process.kill(router!, 'SIGKILL');
    expect(await stack.ended).toEqual({ code: 1, signal: null });
    expect(stack.output()).toContain('the router ended by SIGKILL');
    expect(await survivors(pids)).toEqual([]);
  });
});

describeDynamo('the stack with DynamoDB Local', () => {
  it('creates rooms, and ends the database too', async () => {
    const stack = await startStack({ env: { STORE: 'dynamodb', DYNAMODB_LOCAL: '' } });
    expect(stack.output()).toMatch(/^store: DynamoDB Local \(Java \d+\)$/m);
    expect((await createRoom(stack.url)).status).toBe(201);
    const pids = descendants(stack.pid);
    expect((await stack.stop('SIGINT')).code).toBe(0);
    expect(await survivors(pids)).toEqual([]);
  });
});
