import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AvailableTasks } from '../../../../shared/protocol/api.ts';
import { NODE, type Stack, startStack } from '../../../support/stack.ts';

const COMMAND = fileURLToPath(new URL('../../../../dev/faults/command.ts', import.meta.url));

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ env: { STORE: 'memory', HEARTBEAT: '2s', LEASE: '5s' }, faults: true });
});
afterAll(() => stack.stop());

/** `npm run fault -- <words>` on this stack. */
async function fault(...words: string[]) {
  const child = spawn(NODE, [COMMAND, ...words, '--port', new URL(stack.url).port], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, out: out.trim(), err: err.trim() };
}

async function availableTasks(): Promise<AvailableTasks['tasks']> {
  const response = await fetch(`${stack.url}/available-tasks`);
  return ((await response.json()) as AvailableTasks).tasks;
}
/** Address of the first task, for http. */
async function addressOf(name: string): Promise<string> {
  const { task_id } = stack.tasks().find((task) => task.name === name)!;
  const { url } = (await availableTasks()).find((task) => task.task_id === task_id)!;
  return url.replace('ws:', 'http:');
}
const health = async (address: string): Promise<string> =>
  (await (await fetch(`${address}/health`, { signal: AbortSignal.timeout(1_000) })).text()).trim();
const why = (error: unknown): unknown => {
  const { name, cause } = error as Error;
  return (cause as { code?: string } | undefined)?.code ?? name;
};

describe('a stack that can be disturbed', () => {
  it('says how', () => {
    expect(stack.output()).toContain('faults: "npm run fault -- list" shows what can be disturbed, and how');
  });

  it('has its tasks reached through proxies, which can be cut and refuse', async () => {
    const address = await addressOf('task-1');
    const listens = /^\[task 1\] listening port=(\d+)$/m.exec(stack.output())?.[1];
    expect(listens).toBeDefined();
    expect(new URL(address).port).not.toBe(listens);
    expect(await health(address)).toBe('Healthy.');

    await stack.fault('task-1', 'cut');
    await expect(health(address).catch(why)).resolves.toBe('TimeoutError');
    await stack.fault('task-1', 'refuse');
    await expect(health(address).catch(why)).resolves.toBe('ECONNREFUSED');
    expect((await stack.faults()).find(({ target }) => target === 'task-1')?.state).toBe(
      'running; refuse, 0 connections',
    );
    await stack.fault('task-1', 'pass');
    expect(await health(address)).toBe('Healthy.');
  });

  it('freezes and thaws a task, by its id too', async () => {
    const address = await addressOf('task-1');
    const { task_id } = stack.tasks().find(({ name }) => name === 'task-1')!;
    await stack.freeze(task_id);
    await expect(health(address).catch(why)).resolves.toBe('TimeoutError');
    await stack.thaw(task_id);
    expect(await health(address)).toBe('Healthy.');
  });

  it('cuts a task off from the router while it is reached itself', async () => {
    const lines = stack.output().length;
    await stack.cutOff('task-2');
    await expect
      .poll(() => stack.output().slice(lines), { timeout: 20_000 })
      .toContain('[task 2] WARN put-task failed');
    expect(await health(await addressOf('task-2'))).toBe('Healthy.');
    await stack.rejoin('task-2');
  });

  it('stops the router and starts it again on its port; with the memory store its state is gone, and it says so', async () => {
    const { out } = await fault('router', 'stop');
    expect(out).toBe('router stop (the store in its memory went with it: every room is gone)');
    await expect(fetch(`${stack.url}/health`).catch(why)).resolves.toBe('ECONNREFUSED');
    await expect(stack.sweep()).rejects.toThrow('the router is stopped: start it first');
    await expect(stack.fault('router', 'freeze')).rejects.toThrow(
      'the router is stopped: "router start" first',
    );
    await stack.startRouter();
    expect((await fetch(`${stack.url}/health`)).status).toBe(200);
    // The tasks register anew with their next heartbeats.
    await expect.poll(async () => (await availableTasks()).length, { timeout: 20_000 }).toBe(2);
    await stack.restartRouter();
    expect((await fetch(`${stack.url}/health`)).status).toBe(200);
  });

  it('runs a sweep on demand, also while the fleet cannot be listed', async () => {
    await expect.poll(async () => (await availableTasks()).length, { timeout: 20_000 }).toBe(2);
    for (const mode of ['fail', 'throttle', 'half'] as const) {
      await stack.fault('ecs', mode);
      expect(await stack.sweep()).toEqual({ kind: 'fleet_unavailable' });
    }
    await stack.fault('ecs', 'short');
    expect(await stack.sweep()).toMatchObject({ kind: 'swept', pruned: 0 });
    await stack.fault('ecs', 'pass');
    expect(await stack.sweep()).toMatchObject({ kind: 'swept', pruned: 0, faults: 0 });
  });

  it('is disturbed by hand for a while', async () => {
    expect(await fault('task-1', 'slow', '5', '--for', '200ms')).toMatchObject({
      code: 0,
      out: 'task-1 slow 5 ms for 0.2 s',
    });
    await stack.printed(/^fault: task-1 pass$/);
    const { out } = await fault('list');
    expect(out).toMatch(/^task-1\/router +pass, /m);
    expect(out).toContain('freeze');
  });

  it('tells whoever uses it wrongly what is wrong', async () => {
    expect(await fault('task-7', 'cut')).toMatchObject({
      code: 1,
      out: '',
      err: 'there is no target "task-7" now. There are: router, ecs, dynamodb, task-1, task-1/router, task-2, task-2/router',
    });
    expect((await fault('dynamodb', 'cut')).err).toBe(
      'this stack keeps its rooms in memory: start it with STORE=dynamodb (it needs Java) to disturb DynamoDB',
    );
    const { code, err } = await fault('task-1', 'slow', 'very');
    expect([code, err.split('\n')[0]]).toEqual([1, '"very" is not a number']);
  });

  it('does not listen to pages', async () => {
    const { control } = stack;
    const headers = { origin: stack.url };
    expect((await fetch(`${control}/faults`, { headers })).status).toBe(403);
    const named = control.replace('127.0.0.1', 'localhost');
    expect((await fetch(`${named}/faults`, { method: 'POST', body: '{}' })).status).toBe(403);
    const response = await fetch(`${control}/faults`, { method: 'POST', body: '{"target":1}' });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toContain('target');
  });
});
