import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  type ListTasksCommandInput,
  RunTaskCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { afterEach, describe, expect, it } from 'vitest';
import { AwsError, type AwsCall } from '../../../dev/aws/errors.ts';
import { CLUSTER, clusterArn, FAMILIES, taskArn, taskDefinitionArn } from '../../../dev/aws/local-task.ts';
import { ecsFleet } from '../../../shared/adapters/ecs-fleet.ts';
import { FleetUnavailable } from '../../../shared/ports/fleet.ts';
import { paperFleet, REGION, startTestAws, TEST_LAUNCHES } from '../../support/aws.ts';

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

async function start(
  fleet = paperFleet(),
  options: { page?: number; fault?: (call: AwsCall) => AwsError | undefined } = {},
) {
  const aws = await startTestAws({ fleet, ...options });
  const client = new ECSClient(aws.clientConfig('ECS'));
  stop = async () => {
    client.destroy();
    await aws.doubles.stop();
  };
  return { client, fleet, aws, adapter: ecsFleet({ cluster: CLUSTER, launches: TEST_LAUNCHES, client }) };
}

describe('the ECS fleet', () => {
  it('lists running and stopped tasks to the last page, described in batches', async () => {
    const fleet = paperFleet();
    const calls: AwsCall[] = [];
    const running = Array.from({ length: 205 }, () => fleet.add());
    const stopped = Array.from({ length: 3 }, () =>
      fleet.add({ last_status: 'STOPPED', desired_status: 'STOPPED' }),
    );
    const { adapter } = await start(fleet, {
      page: 90,
      fault: (call) => {
        calls.push(call);
        return undefined;
      },
    });
    const tasks = await adapter.list();
    expect(new Map(tasks.map(({ task_arn, state }) => [task_arn, state]))).toEqual(
      new Map([
        ...running.map((task) => [taskArn(task), 'running'] as const),
        ...stopped.map((task) => [taskArn(task), 'stopped'] as const),
      ]),
    );
    expect(tasks).toHaveLength(208);
    const count = (operation: string) => calls.filter((call) => call.operation === operation).length;
    expect(count('ListTasks')).toBe(3 + 1);
    expect(count('DescribeTasks')).toBe(3);
  });

  it('an empty cluster has no tasks', async () => {
    const { adapter } = await start();
    expect(await adapter.list()).toEqual([]);
  });

  it('tells starting, running, stopping and stopped apart', async () => {
    const fleet = paperFleet();
    const expected = new Map([
      [taskArn(fleet.add({ last_status: 'PENDING' })), 'starting'],
      [taskArn(fleet.add()), 'running'],
      [taskArn(fleet.add({ desired_status: 'STOPPED' })), 'stopping'],
      [taskArn(fleet.add({ last_status: 'STOPPED', desired_status: 'STOPPED' })), 'stopped'],
    ]);
    const { adapter } = await start(fleet);
    const listed = await adapter.list();
    expect(new Map(listed.map(({ task_arn, state }) => [task_arn, state]))).toEqual(expected);
    for (const [task_arn, state] of expected) {
      expect(await adapter.describe(task_arn)).toMatchObject({ task_arn, state });
    }
  });

  it('knows the kind of a task by its task definition, and none of a task that is not ours', async () => {
    const fleet = paperFleet();
    const render = fleet.add({ kind: 'render' });
    const { client } = await start(fleet);
    const of = (launches: Partial<typeof TEST_LAUNCHES>) =>
      ecsFleet({ cluster: CLUSTER, launches: { ...TEST_LAUNCHES, ...launches }, client }).list();
    const revised = { ...TEST_LAUNCHES.render, task_definition: `${FAMILIES.render}:7` };
    const others = { ...TEST_LAUNCHES.render, task_definition: 'another-family' };
    expect(await of({})).toMatchObject([{ kind: 'render', outdated: false }]);
    expect(await of({ render: revised })).toMatchObject([{ kind: 'render', outdated: true }]);
    const arn = { ...TEST_LAUNCHES.render, task_definition: taskDefinitionArn(render) };
    expect(await of({ render: arn })).toMatchObject([{ kind: 'render', outdated: false }]);
    expect((await of({ render: others }))[0]!.kind).toBeUndefined();
    const unset = { ...TEST_LAUNCHES.render, task_definition: undefined };
    expect((await of({ render: unset }))[0]!.kind).toBeUndefined();
  });

  it('does not know a task that ECS misses', async () => {
    const { adapter } = await start();
    const unknown = taskArn({ ...paperFleet().add(), id: 'f'.repeat(32) });
    expect(await adapter.describe(unknown)).toBeUndefined();
  });

  it.each(['ListTasks', 'DescribeTasks'])('is unavailable when %s is throttled', async (operation) => {
    const fleet = paperFleet();
    fleet.add();
    const { adapter } = await start(fleet, {
      fault: (call) =>
        call.operation === operation ? new AwsError('ThrottlingException', 'Rate exceeded') : undefined,
    });
    await expect(adapter.list()).rejects.toThrow(FleetUnavailable);
    await expect(adapter.list()).rejects.toThrow('Rate exceeded');
  });

  it('cannot describe a task while DescribeTasks is throttled', async () => {
    const fleet = paperFleet();
    const task = fleet.add();
    const { adapter } = await start(fleet, {
      fault: () => new AwsError('ThrottlingException', 'Rate exceeded'),
    });
    await expect(adapter.describe(taskArn(task))).rejects.toThrow(FleetUnavailable);
  });

  it('is unavailable when a later page fails, rather than list a part', async () => {
    const fleet = paperFleet();
    for (let n = 0; n < 5; n++) fleet.add();
    const { adapter } = await start(fleet, {
      page: 2,
      fault: ({ operation, input }) =>
        operation === 'ListTasks' && input['nextToken'] !== undefined
          ? new AwsError('ServerException', 'down', 500)
          : undefined,
    });
    await expect(adapter.list()).rejects.toThrow(FleetUnavailable);
  });

  it('is unavailable when the cluster is unknown or nobody answers', async () => {
    const { client, aws, adapter } = await start();
    await expect(ecsFleet({ cluster: 'another', launches: TEST_LAUNCHES, client }).list()).rejects.toThrow(
      'Cluster not found.',
    );
    await aws.doubles.stop();
    await expect(adapter.list()).rejects.toThrow(FleetUnavailable);
  });

  it('is unavailable when ECS fails to describe a task for another reason than that it is missing', async () => {
    const client = {
      send: async () => ({ tasks: [], failures: [{ arn: 'arn:x', reason: 'ACCESS_DENIED' }] }),
    } as unknown as ECSClient;
    const adapter = ecsFleet({ cluster: CLUSTER, launches: TEST_LAUNCHES, client });
    await expect(adapter.describe('arn:x')).rejects.toThrow(FleetUnavailable);
  });
});

describe('the ECS double', () => {
  it('runs and stops tasks, and says why one stopped', async () => {
    const { client } = await start();
    const { tasks: [started] = [] } = await client.send(
      new RunTaskCommand({
        cluster: clusterArn(REGION),
        taskDefinition: 'stream-task',
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-00000000'] } },
      }),
    );
    expect(started).toMatchObject({ lastStatus: 'PENDING', desiredStatus: 'RUNNING', launchType: 'FARGATE' });
    expect(started?.createdAt).toBeInstanceOf(Date);
    await client.send(new StopTaskCommand({ cluster: CLUSTER, task: started?.taskArn, reason: 'enough' }));
    const { tasks } = await client.send(
      new DescribeTasksCommand({ cluster: CLUSTER, tasks: [started?.taskArn ?? ''] }),
    );
    expect(tasks?.[0]).toMatchObject({ lastStatus: 'STOPPED', stoppedReason: 'enough' });
  });

  it('answers errors as ECS does', async () => {
    const { client } = await start();
    const send = (input: ListTasksCommandInput) => client.send(new ListTasksCommand(input));
    await expect(send({ cluster: 'another' })).rejects.toMatchObject({
      name: 'ClusterNotFoundException',
      $metadata: { httpStatusCode: 400, requestId: expect.stringMatching(/.+/) as string },
    });
    await expect(send({ cluster: CLUSTER, nextToken: 'made-up' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(send({ cluster: CLUSTER, maxResults: 101 })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(
      client.send(new StopTaskCommand({ cluster: CLUSTER, task: 'f'.repeat(32) })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('refuses a call that is not signed', async () => {
    const { aws } = await start();
    const response = await fetch(aws.doubles.env['AWS_ENDPOINT_URL_ECS']!, {
      method: 'POST',
      headers: { 'x-amz-target': 'AmazonEC2ContainerServiceV20141113.ListTasks' },
      body: '{}',
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ __type: 'MissingAuthenticationToken' });
  });
});
