/** The fleet as Amazon ECS knows it. */
import {
  DescribeTasksCommand,
  ECSClient,
  type Failure,
  ListTasksCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { FLEET_CALL_TIMEOUT_MS } from '../domain/liveness.ts';
import { type Fleet, type FleetTask, type FleetTaskState, FleetUnavailable } from '../ports/fleet.ts';

/** Most ARNs that one DescribeTasks takes (Amazon ECS API reference, DescribeTasks). */
const DESCRIBE_BATCH = 100;

/**
 * Task lifecycle states (Amazon ECS developer guide, "Amazon ECS task lifecycle"). A state that is not listed here
 * counts as alive: a task is given up only when ECS says STOPPED.
 */
const STATES: Readonly<Record<string, FleetTaskState>> = {
  PROVISIONING: 'starting',
  PENDING: 'starting',
  ACTIVATING: 'starting',
  RUNNING: 'running',
  DEACTIVATING: 'stopping',
  STOPPING: 'stopping',
  DEPROVISIONING: 'stopping',
  STOPPED: 'stopped',
  DELETED: 'stopped',
};

function fleetTask(task: Task): FleetTask {
  const state = STATES[task.lastStatus ?? ''] ?? 'running';
  return {
    task_arn: task.taskArn ?? '',
    state: state === 'running' && task.desiredStatus === 'STOPPED' ? 'stopping' : state,
  };
}

/** A missing task is an answer; any other failure of a part makes the whole answer unreliable. */
function refuseOtherThanMissing(failures: readonly Failure[] | undefined): void {
  const fault = failures?.find((failure) => failure.reason !== 'MISSING');
  if (fault !== undefined) {
    throw new FleetUnavailable(`ECS could not describe ${fault.arn}: ${fault.reason} ${fault.detail ?? ''}`);
  }
}

/** Runs `call`; whatever it throws becomes a {@link FleetUnavailable}. */
async function orUnavailable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof FleetUnavailable) throw error;
    throw new FleetUnavailable(`ECS did not answer: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The tasks of `cluster` (name or ARN). Every fault of the API, throttling beyond the client's retries included, is a
 * {@link FleetUnavailable}. ECS describes a stopped task for about an hour; later it is unknown.
 */
export function ecsFleet(cluster: string, client: ECSClient = defaultClient()): Fleet {
  async function describeAll(arns: string[], abortSignal?: AbortSignal): Promise<FleetTask[]> {
    const { tasks, failures } = await client.send(new DescribeTasksCommand({ cluster, tasks: arns }), {
      abortSignal,
    });
    refuseOtherThanMissing(failures);
    return (tasks ?? []).map(fleetTask);
  }

  async function arnsOf(desiredStatus: 'RUNNING' | 'STOPPED'): Promise<string[]> {
    const arns: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new ListTasksCommand({ cluster, desiredStatus, maxResults: 100, nextToken }),
      );
      arns.push(...(page.taskArns ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return arns;
  }

  return {
    list: () =>
      orUnavailable(async () => {
        // In this order a task that is stopped meanwhile is listed twice rather than never.
        const running = await arnsOf('RUNNING');
        const arns = [...new Set([...running, ...(await arnsOf('STOPPED'))])];
        const tasks: FleetTask[] = [];
        for (let from = 0; from < arns.length; from += DESCRIBE_BATCH) {
          tasks.push(...(await describeAll(arns.slice(from, from + DESCRIBE_BATCH))));
        }
        return tasks;
      }),
    describe: (task_arn) =>
      orUnavailable(async () => {
        const limit = AbortSignal.timeout(FLEET_CALL_TIMEOUT_MS);
        return (await describeAll([task_arn], limit))[0];
      }),
  };
}

/** For the sweep, which can wait; a request's own call has a limit over all tries. */
function defaultClient(): ECSClient {
  return new ECSClient({
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
}
