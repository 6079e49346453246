/** The local stack keeps its fleet as a deployment does: scale-fleet over ECS and Lambda, by schedule, call and event. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AvailableTasks, Grant } from '../../../shared/protocol/api.ts';
import type { ScaleResult } from '../../../shared/use-cases/scale-fleet.ts';
import { type Stack, startStack } from '../../support/stack.ts';

let stack: Stack;
let lambda: LambdaClient;
beforeAll(async () => {
  const env = { STORE: 'memory', STREAM_TASKS: '1', MAX_TASKS: '2', ROOM_CAPACITY: '2', UPSCALE_MARGIN: '0' };
  stack = await startStack({ env });
  lambda = new LambdaClient({
    region: stack.aws['AWS_REGION']!,
    endpoint: stack.aws['AWS_ENDPOINT_URL_LAMBDA']!,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  lambda.destroy();
  await stack.stop();
});

/** Has the fleet looked at, as its schedule would each minute. A look that is under way is waited for. */
async function scale(): Promise<ScaleResult> {
  for (;;) {
    const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: 'scale-fleet' }));
    expect(FunctionError).toBeUndefined();
    const result = JSON.parse(Payload!.transformToString()) as ScaleResult;
    if (result.kind !== 'locked') return result;
  }
}

async function available(): Promise<AvailableTasks> {
  return (await (await fetch(`${stack.url}/available-tasks`)).json()) as AvailableTasks;
}

async function post(path: string, body: unknown): Promise<{ status: number; grant: Grant }> {
  const response = await fetch(`${stack.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, grant: (await response.json()) as Grant };
}

const ids = () => stack.tasks().map(({ task_id }) => task_id);

describe('a fleet that is scaled', () => {
  it('is replaced when there is a new task definition', async () => {
    const [before] = ids();
    await stack.fault('ecs', 'deploy');
    await expect
      .poll(
        async () => {
          await scale();
          return ids();
        },
        { timeout: 50_000, interval: 500 },
      )
      .not.toContain(before);
    const { tasks } = await available();
    expect(tasks.filter(({ state }) => state === 'READY')).toMatchObject([{ task_id: ids()[0] }]);
  });

  it('gets a task as soon as a room finds no place, through Lambda and RunTask', async () => {
    const created = [await post('/create-room', {}), await post('/create-room', {})];
    expect(created.map(({ status }) => status)).toEqual([201, 201]);
    const { status, grant } = await post('/create-room', {});
    expect([status, grant.state, grant.url]).toEqual([202, 'pending', undefined]);
    await stack.tasksMatch((tasks) => tasks.length === 2);
    const { room_id, client_id, ticket } = grant;
    const resume = async () => (await post('/join-room', { room_id, client_id, ticket })).grant.url;
    await expect.poll(resume, { timeout: 40_000, interval: 300 }).toMatch(/^ws:/);
  });

  it('does not get what ECS has not, and says so', async () => {
    await stack.fault('ecs', 'full');
    await stack.kill(ids()[0]!);
    const decisions = async () => JSON.stringify((await available()).scaling);
    await expect
      .poll(
        async () => {
          await scale();
          return decisions();
        },
        { timeout: 20_000, interval: 300 },
      )
      .toContain('Capacity is unavailable at this time.');
    expect(ids()).toHaveLength(1);
  });
});
