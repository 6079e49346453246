/**
 * Amazon ECS over the local fleet: ListTasks, DescribeTasks, DescribeContainerInstances, RunTask, StopTask.
 * Shapes, limits and errors: Amazon ECS API reference, 2014-11-13.
 */
import * as z from 'zod';
import { AwsError, type AwsOperation } from './errors.ts';
import {
  CLUSTER,
  clusterArn,
  containerArn,
  containerInstanceArn,
  instanceId,
  type LocalTask,
  type LocalTasks,
  macAddress,
  networkInterfaceId,
  TASK_ADDRESS,
  taskArn,
  taskDefinitionArn,
} from './local-task.ts';

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000);

function taskShape(task: LocalTask): Record<string, unknown> {
  const stopped = task.last_status === 'STOPPED';
  const attachment = `attachment-${task.id}`;
  const fargate = task.launch_type === 'FARGATE';
  return {
    taskArn: taskArn(task),
    clusterArn: clusterArn(task.region),
    taskDefinitionArn: taskDefinitionArn(task.region),
    group: 'family:stream-task',
    launchType: task.launch_type,
    lastStatus: task.last_status,
    desiredStatus: task.desired_status,
    createdAt: seconds(task.created_at),
    startedAt: seconds(task.started_at),
    stoppedAt: seconds(task.stopped_at),
    stopCode: task.stop_code,
    stoppedReason: task.stopped_reason,
    ...(fargate ? {} : { containerInstanceArn: containerInstanceArn(task) }),
    attachments: fargate
      ? [
          {
            id: attachment,
            type: 'ElasticNetworkInterface',
            status: stopped ? 'DELETED' : 'ATTACHED',
            details: [
              { name: 'networkInterfaceId', value: networkInterfaceId(task) },
              { name: 'macAddress', value: macAddress(task) },
              { name: 'privateIPv4Address', value: TASK_ADDRESS },
            ],
          },
        ]
      : [],
    containers: [
      {
        containerArn: containerArn(task),
        taskArn: taskArn(task),
        name: 'stream-task',
        lastStatus: task.last_status,
        exitCode: task.exit_code,
        networkInterfaces: fargate ? [{ attachmentId: attachment, privateIpv4Address: TASK_ADDRESS }] : [],
      },
    ],
  };
}

const isoTime = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

/**
 * The detail of the event "ECS Task State Change": the task, with its times as text.
 * Source: Amazon ECS developer guide, "Amazon ECS task state change events".
 */
export function taskStateChange(task: LocalTask): Record<string, unknown> {
  return {
    ...taskShape(task),
    createdAt: isoTime(task.created_at),
    startedAt: isoTime(task.started_at),
    stoppedAt: isoTime(task.stopped_at),
  };
}

const cluster = z.string().optional();
const listTasks = z.object({
  cluster,
  desiredStatus: z.enum(['RUNNING', 'PENDING', 'STOPPED']).default('RUNNING'),
  maxResults: z.int().min(1).max(100).default(100),
  nextToken: z.string().optional(),
});
const describeTasks = z.object({ cluster, tasks: z.array(z.string()).min(1).max(100) });
const describeContainerInstances = z.object({
  cluster,
  containerInstances: z.array(z.string()).min(1).max(100),
});
const runTask = z.object({ cluster, taskDefinition: z.string(), count: z.int().min(1).max(10).default(1) });
const stopTask = z.object({ cluster, task: z.string(), reason: z.string().optional() });

export interface EcsOptions {
  /** ListTasks answers at most this many a page, whatever the caller allows; for tests of paging. */
  page?: number;
  /** Asked at each ListTasks: `half` answers half of the tasks and a token, `short` half and no token. */
  listing?: () => 'half' | 'short' | undefined;
}

export function ecsOperations(
  fleet: LocalTasks,
  region: string,
  { page = 100, listing }: EcsOptions = {},
): Record<string, AwsOperation> {
  function parse<S extends z.ZodType<{ cluster?: string | undefined }>>(schema: S, input: unknown) {
    const { data, error } = schema.safeParse(input);
    if (error !== undefined) throw new AwsError('InvalidParameterException', z.prettifyError(error));
    if (data.cluster !== CLUSTER && data.cluster !== clusterArn(region)) {
      throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
    }
    return data;
  }
  /** A task is named by its id or its ARN. */
  const find = (name: string): LocalTask | undefined =>
    fleet.all().find((task) => name === task.id || name === taskArn(task));
  const missing = (name: string) => ({
    arn: name.startsWith('arn:') ? name : taskArn({ id: name, region } as LocalTask),
    reason: 'MISSING',
  });

  return {
    ListTasks(input) {
      const { desiredStatus, maxResults, nextToken } = parse(listTasks, input);
      // A token names the last task of its page, so that tasks may come and go between two pages.
      const after = nextToken === undefined ? '' : Buffer.from(nextToken, 'base64url').toString();
      if (nextToken !== undefined && !/^[0-9a-f]{32}$/.test(after)) {
        throw new AwsError('InvalidParameterException', 'Invalid token.');
      }
      const rest = fleet
        .all()
        .filter((task) => task.desired_status === desiredStatus && task.id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const halved = listing?.();
      const most = halved === undefined ? page : Math.floor(rest.length / 2);
      const tasks = rest.slice(0, Math.min(maxResults, most));
      // A page may be empty and yet not be the last.
      const last = tasks.at(-1)?.id ?? '0'.repeat(32);
      return {
        taskArns: tasks.map(taskArn),
        ...(tasks.length < rest.length && halved !== 'short'
          ? { nextToken: Buffer.from(last).toString('base64url') }
          : {}),
      };
    },
    DescribeTasks(input) {
      const { tasks: names } = parse(describeTasks, input);
      const found = names.map(find);
      return {
        tasks: found.filter((task) => task !== undefined).map(taskShape),
        failures: names.filter((_, at) => found[at] === undefined).map(missing),
      };
    },
    DescribeContainerInstances(input) {
      const { containerInstances: names } = parse(describeContainerInstances, input);
      const hosts = fleet
        .all()
        .filter((task) => task.launch_type === 'EC2' && names.includes(containerInstanceArn(task)));
      const known = hosts.map(containerInstanceArn);
      return {
        containerInstances: hosts.map((task) => ({
          containerInstanceArn: containerInstanceArn(task),
          ec2InstanceId: instanceId(task),
          status: 'ACTIVE',
        })),
        failures: names.filter((name) => !known.includes(name)).map(missing),
      };
    },
    RunTask(input) {
      const { count } = parse(runTask, input);
      return { tasks: Array.from({ length: count }, () => taskShape(fleet.run())), failures: [] };
    },
    StopTask(input) {
      const { task: name, reason } = parse(stopTask, input);
      const task = find(name);
      if (task === undefined) {
        throw new AwsError('InvalidParameterException', 'The referenced task was not found.');
      }
      fleet.stop(task.id, reason ?? 'Task stopped by user');
      return { task: taskShape(find(name) ?? task) };
    },
  };
}
