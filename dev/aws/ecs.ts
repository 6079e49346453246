/**
 * Amazon ECS over the local fleet: ListTasks, DescribeTasks, DescribeTaskDefinition, DescribeContainerInstances,
 * RunTask, StopTask.
 * Shapes, limits and errors: Amazon ECS API reference, 2014-11-13.
 */
import * as z from 'zod';
import { AwsError, type AwsOperation } from './errors.ts';
import {
  CLUSTER,
  clusterArn,
  containerInstanceArn,
  FAMILIES,
  instanceId,
  type LocalTask,
  type LocalTasks,
  taskArn,
  taskDefinitionArn,
} from './local-task.ts';
import { kindOf, type Refused, runTask, runTaskInput } from './run-task.ts';
import { taskShape } from './task-shape.ts';

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
const describeTaskDefinition = z.object({ taskDefinition: z.string() });
const stopTask = z.object({ cluster, task: z.string(), reason: z.string().optional() });

export interface EcsOptions {
  /** ListTasks answers at most this many a page, whatever the caller allows; for tests of paging. */
  page?: number;
  /** Asked at each ListTasks: `half` answers half of the tasks and a token, `short` half and no token. */
  listing?: () => 'half' | 'short' | undefined;
  /** Asked at each launch: what RunTask does not launch of it, and why. */
  refused?: (input: z.infer<typeof runTaskInput>) => Refused | undefined;
}

/** The operations of the local cluster. */
export function ecsOperations(
  fleet: LocalTasks,
  region: string,
  { page = 100, listing, refused }: EcsOptions = {},
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
    arn: name.startsWith('arn:') ? name : taskArn({ id: name, region }),
    reason: 'MISSING',
  });

  const run = runTask(fleet, region, refused);

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
    DescribeTaskDefinition(input) {
      const { data, error } = describeTaskDefinition.safeParse(input);
      if (error !== undefined) throw new AwsError('InvalidParameterException', z.prettifyError(error));
      const kind = kindOf(data.taskDefinition, fleet, region);
      const named = /:(\d+)$/.exec(data.taskDefinition)?.[1];
      const revision = named === undefined ? fleet.revision() : Number(named);
      return {
        taskDefinition: {
          taskDefinitionArn: taskDefinitionArn({ region, kind, revision }),
          family: FAMILIES[kind],
          revision,
          status: 'ACTIVE',
        },
      };
    },
    RunTask: (input) => run(parse(runTaskInput, input)),
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
