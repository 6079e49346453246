import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { taskArn, type LocalTask } from '../../../dev/aws/local-task.ts';
import { buildTask } from '../../../scripts/build-task.ts';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { paperFleet, REGION, SECRET_NAME, startTestAws } from '../../support/aws.ts';
import { startFakeRouter, type FakeRouter } from '../../support/fake-router.ts';
import { callTask, newClient, newRoomId, Peer, RELAY_CONFIG, SECRET, seatOf } from '../../support/relay.ts';

const MAIN = fileURLToPath(new URL('../../../stream-task/main.ts', import.meta.url));

interface Running {
  child: ChildProcess;
  /** Everything that it printed so far. */
  output(): string;
  /** Resolves with exit code and signal. */
  exited: Promise<[number | null, NodeJS.Signals | null]>;
}

describe('stream task process', () => {
  const fleet = paperFleet();
  const children: ChildProcess[] = [];
  let aws: Awaited<ReturnType<typeof startTestAws>>;
  let router: FakeRouter;

  beforeAll(async () => {
    aws = await startTestAws({ fleet, secret: { name: SECRET_NAME, value: SECRET.current } });
  });
  afterAll(() => aws.doubles.stop());
  beforeEach(async () => {
    router = await startFakeRouter();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await router[Symbol.asyncDispose]();
  });

  function run(
    env: Record<string, string> = {},
    how: { entry?: string; cwd?: string; ipc?: boolean } = {},
  ): Running {
    const child = spawn(process.execPath, [how.entry ?? MAIN], {
      cwd: how.cwd,
      // Nothing of our own environment but the lane: what a task reads is what it is given.
      env: {
        ...aws.doubles.env,
        ROUTER_URL: router.url,
        ROUTER_SECRET_ID: SECRET_NAME,
        REGION,
        PORT: '0',
        PUBLIC_ADDRESS: '127.0.0.1',
        LANE: RELAY_CONFIG.LANE,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe', ...(how.ipc === true ? (['ipc'] as const) : [])],
    });
    children.push(child);
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return {
      child,
      output: () => text,
      // The end of a child is "closed" once its pipes are read out, but never if it was disconnected from.
      exited: once(child, how.ipc === true ? 'exit' : 'close') as Promise<
        [number | null, NodeJS.Signals | null]
      >,
    };
  }

  /** A client that is connected to the task that registered itself last. */
  async function enter() {
    const { request } = await router.puts.next();
    const client = newClient();
    const room_id = newRoomId();
    const task = { port: request.port, task_id: request.task_id };
    const { status } = await callTask(task, 'POST', '/register', {
      room_id,
      created_at: 1,
      epoch: 1,
      max_clients: 2,
      clients: [seatOf(client)],
    });
    expect(status).toBe(200);
    const peer = await Peer.open(request.url, ['anteroom.v1', credentialsToken({ room_id, ...client })]);
    await peer.welcomed();
    return { peer, client, request };
  }

  it.each([
    ['SIGINT', '100s'],
    ['SIGTERM', '0s'],
  ] as const)(
    '[R33] stops at once and exits with 0 on %s with DRAIN_DEADLINE=%s, and prints no secret',
    async (signal, DRAIN_DEADLINE) => {
      const running = run({ LOG_LEVEL: 'debug', DRAIN_DEADLINE });
      const { peer, client } = await enter();
      running.child.kill(signal);
      expect(await peer.closed).toEqual({ code: 4503, reason: 'draining' });
      expect(await running.exited).toEqual([0, null]);
      const states = [];
      for (const expected of ['DRAINING', 'STOPPED']) {
        const { request } = await router.puts.nextThat((put) => put.request.state !== 'READY');
        states.push([expected, request.state]);
      }
      expect(states).toEqual([
        ['DRAINING', 'DRAINING'],
        ['STOPPED', 'STOPPED'],
      ]);
      const output = running.output();
      expect(output).toContain('"registered with the router"');
      expect(output).not.toContain(SECRET.current);
      expect(output).not.toContain(client.ticket);
      expect(output).not.toContain('Bearer');
    },
  );

  it('[R62] [R63] drains on SIGTERM: its rooms move, their clients go, and it exits with 0', async () => {
    const running = run();
    const { peer } = await enter();
    const place = { url: 'ws://203.0.113.9:5001', epoch: 2 };
    router.migrate = () => place;
    running.child.kill('SIGTERM');
    expect((await peer.control('draining')).deadline_ms).toBe(100_000);
    expect(await peer.control('moved')).toMatchObject({ ...place, reason: 'drain' });
    peer.ws.close(4000);
    expect(await running.exited).toEqual([0, null]);
    const { request } = await router.puts.nextThat((put) => put.request.state === 'STOPPED');
    expect(request.rooms).toEqual([]);
  });

  it('[R33] stops at once on a second SIGTERM', async () => {
    const running = run();
    const { peer } = await enter();
    running.child.kill('SIGTERM');
    await peer.control('draining');
    running.child.kill('SIGTERM');
    expect(await peer.closed).toEqual({ code: 4503, reason: 'draining' });
    expect(await running.exited).toEqual([0, null]);
  });

  it('[R67] exits with 0 at the deadline of its drain when the router is gone', async () => {
    const running = run({ DRAIN_DEADLINE: '300ms' });
    const { peer } = await enter();
    await router[Symbol.asyncDispose]();
    running.child.kill('SIGTERM');
    await peer.control('draining');
    expect(await peer.closed).toEqual({ code: 4503, reason: 'draining' });
    expect(await running.exited).toEqual([0, null]);
    router = await startFakeRouter();
  });

  it('ends by itself when nobody was there for IDLE_STOP', async () => {
    const running = run({ IDLE_STOP: '3s' });
    const { peer } = await enter();
    const left = peer.closed;
    peer.send('{"type":"leave"}');
    expect((await left).code).toBe(1000);
    expect(await running.exited).toEqual([0, null]);
    await router.puts.nextThat((put) => put.request.state === 'STOPPED');
  });

  it('exits when the parent that started it is gone', async () => {
    const running = run({}, { ipc: true });
    const { peer } = await enter();
    running.child.disconnect();
    expect(await running.exited).toEqual([0, null]);
    expect((await peer.closed).code).toBe(4503);
  });

  it('says everything that is wrong with its configuration and exits with 1', async () => {
    const running = run({ HEARTBEAT: 'soon', PORT: '99999', ROUTER_URL: '', ROOM_CAPCITY: '5' });
    expect(await running.exited).toEqual([1, null]);
    for (const name of ['HEARTBEAT', 'PORT', 'ROUTER_URL', 'ROOM_CAPCITY']) {
      expect(running.output()).toContain(`- ${name} `);
    }
  });

  it('exits with 1 when its port is taken', async () => {
    run();
    const { request } = await router.puts.next();
    const second = run({ PORT: String(request.port) });
    expect(await second.exited).toEqual([1, null]);
    expect(second.output()).toContain('EADDRINUSE');
  });

  it.each(['FARGATE', 'EC2'] as const)(
    'finds out in ECS (%s) who it is and where it is reached',
    async (launch_type) => {
      const task: LocalTask = fleet.add({ launch_type });
      run({ PUBLIC_ADDRESS: '', ECS_CONTAINER_METADATA_URI_V4: aws.doubles.metadataUri(task) });
      const { request, remote } = await router.puts.next();
      expect(request.task_id).toBe(task.id);
      expect(request.task_arn).toBe(taskArn(task));
      expect(remote).toBe('127.0.0.1');
      expect(request.url).toBe(`ws://127.0.0.1:${request.port}`);
    },
  );

  it('runs as one bundled file with plain Node, away from the repository', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'anteroom-task-'));
    try {
      const entry = join(cwd, 'stream-task.mjs');
      await buildTask(entry);
      const task = fleet.add();
      const running = run(
        { PUBLIC_ADDRESS: '', ECS_CONTAINER_METADATA_URI_V4: aws.doubles.metadataUri(task) },
        { entry, cwd },
      );
      const { peer, request } = await enter();
      const metrics = await callTask({ port: request.port, task_id: request.task_id }, 'GET', '/metrics');
      expect(metrics.body['text']).toMatch(/^anteroom_clients 1$/m);
      expect(metrics.body['text']).toMatch(/^process_cpu_seconds_total /m);
      running.child.kill('SIGINT');
      expect((await peer.closed).code).toBe(4503);
      expect(await running.exited).toEqual([0, null]);
    } finally {
      await rm(cwd, { recursive: true });
    }
  });
});
