/** The fleet as Amazon ECS knows it. */
import {
  ConflictException,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  type Failure,
  InvalidParameterException,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { FLEET_CALL_TIMEOUT_MS } from '../domain/liveness.ts';
import type { TaskKind } from '../domain/task.ts';
import {
  type Fleet,
  type FleetTask,
  type FleetTaskState,
  FleetUnavailable,
  type LaunchFailure,
  type LaunchFailureKind,
} from '../ports/fleet.ts';
import {
  type EcsLaunch,
  type EcsLaunches,
  exceptionClass,
  failureClass,
  LAUNCH_BATCH,
  parseDefinition,
  runTaskInput,
} from './ecs-launch.ts';

/** Most ARNs that one DescribeTasks takes (Amazon ECS API reference, DescribeTasks). */
const DESCRIBE_BATCH = 100;
/** Longest reason that StopTask takes. */
const MOST_REASON = 1_024;
/** Tries of one call: the client waits longer before each, and longer still when it was throttled. */
const TRIES = 5;

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

/** What a launch of a kind would run now. */
type Current = Partial<Record<TaskKind, { family: string; revision: number | undefined }>>;

function fleetTask(task: Task, current: Current): FleetTask {
  const state = STATES[task.lastStatus ?? ''] ?? 'running';
  const runs = parseDefinition(task.taskDefinitionArn ?? '');
  const kinds = Object.entries(current) as [TaskKind, NonNullable<Current[TaskKind]>][];
  const [kind, wanted] = kinds.find(([, { family }]) => family === runs.family) ?? [];
  return {
    task_arn: task.taskArn ?? '',
    state: state === 'running' && task.desiredStatus === 'STOPPED' ? 'stopping' : state,
    kind,
    created_at: task.createdAt?.getTime(),
    outdated: wanted?.revision === undefined ? undefined : wanted.revision !== runs.revision,
    stopped_reason: task.stoppedReason,
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

export interface EcsFleetOptions {
  /** Name or ARN. */
  cluster: string;
  launches: EcsLaunches;
  client?: ECSClient | undefined;
}

/**
 * The tasks of a cluster. Every fault of the API, throttling beyond the client's retries included, is a
 * {@link FleetUnavailable}, unless it says why tasks cannot be launched. ECS describes a stopped task for about an hour; later
 * it is unknown.
 */
export function ecsFleet({ cluster, launches, client = defaultClient() }: EcsFleetOptions): Fleet {
  async function describeAll(
    arns: string[],
    current: Current,
    abortSignal?: AbortSignal,
  ): Promise<FleetTask[]> {
    const { tasks, failures } = await client.send(new DescribeTasksCommand({ cluster, tasks: arns }), {
      abortSignal,
    });
    refuseOtherThanMissing(failures);
    return (tasks ?? []).map((task) => fleetTask(task, current));
  }

  async function describeInBatches(arns: readonly string[], current: Current): Promise<FleetTask[]> {
    const tasks: FleetTask[] = [];
    for (let from = 0; from < arns.length; from += DESCRIBE_BATCH) {
      tasks.push(...(await describeAll(arns.slice(from, from + DESCRIBE_BATCH), current)));
    }
    return tasks;
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

  /** As the settings name them, without a question to ECS. */
  function named(): Current {
    const definitions = Object.entries(launches).flatMap(([kind, { task_definition }]) =>
      task_definition === undefined
        ? []
        : [[kind, { revision: undefined, ...parseDefinition(task_definition) }]],
    );
    return Object.fromEntries(definitions) as Current;
  }

  /** Undefined if there is none, or we may not know it: that is for launches to tell, and no reason to know nothing of tasks. */
  async function newestRevision(family: string): Promise<number | undefined> {
    try {
      const command = new DescribeTaskDefinitionCommand({ taskDefinition: family });
      return (await client.send(command)).taskDefinition?.revision;
    } catch (error) {
      if (exceptionClass(error as Error) === 'unavailable') throw error;
      return undefined;
    }
  }

  /** A family without a revision stands for its newest one, which only ECS knows. */
  async function resolved(): Promise<Current> {
    const current = named();
    for (const definition of Object.values(current)) {
      definition.revision ??= await newestRevision(definition.family);
    }
    return current;
  }

  /** One RunTask. Throws {@link FleetUnavailable}. */
  async function runBatch(input: ReturnType<typeof runTaskInput>, kind: TaskKind, current: Current) {
    const ours = (task: FleetTask): FleetTask => ({ ...task, kind });
    try {
      const { tasks = [], failures = [] } = await client.send(new RunTaskCommand(input));
      return {
        launched: tasks.map((task) => ours(fleetTask(task, current))),
        failures: failures.map((failure) => ({
          kind: failureClass(failure),
          detail: [failure.reason, failure.detail].filter(Boolean).join(': '),
        })),
      };
    } catch (error) {
      // The same token with other settings: what it launched is what there is.
      if (error instanceof ConflictException) {
        return {
          launched: (await describeInBatches(error.resourceIds ?? [], current)).map(ours),
          failures: [],
        };
      }
      const meaning = exceptionClass(error as Error);
      if (meaning === 'unavailable') throw error;
      return { launched: [], failures: [{ kind: meaning, detail: String(error) }] };
    }
  }

  async function launchAll(count: number, kind: TaskKind, token: string, launch: EcsLaunch) {
    const launched: FleetTask[] = [];
    const current = named();
    for (let from = 0; from < count; from += LAUNCH_BATCH) {
      const input = runTaskInput(cluster, launch, { count, token, from });
      const batch = await runBatch(input, kind, current);
      launched.push(...batch.launched);
      // Whoever comes after one that was refused would be refused too.
      if (batch.failures.length > 0) {
        return { launched, failures: countFailures(batch.failures, count - launched.length) };
      }
    }
    return { launched, failures: [] };
  }

  return {
    list: () =>
      orUnavailable(async () => {
        // In this order a task that is stopped meanwhile is listed twice rather than never.
        const running = await arnsOf('RUNNING');
        const arns = [...new Set([...running, ...(await arnsOf('STOPPED'))])];
        return arns.length === 0 ? [] : describeInBatches(arns, await resolved());
      }),
    describe: (task_arn) =>
      orUnavailable(async () => {
        const limit = AbortSignal.timeout(FLEET_CALL_TIMEOUT_MS);
        return (await describeAll([task_arn], named(), limit))[0];
      }),
    async launch(count, kind, token) {
      const launch = launches[kind];
      if (launch.task_definition === undefined) {
        const detail = `${kind.toUpperCase()}_TASK_DEFINITION is not set`;
        return { launched: [], failures: [{ kind: 'misconfigured', count, detail }] };
      }
      return orUnavailable(() => launchAll(count, kind, token, launch));
    },
    stop: (task_arn, reason) =>
      orUnavailable(async () => {
        try {
          await client.send(
            new StopTaskCommand({ cluster, task: task_arn, reason: reason.slice(0, MOST_REASON) }),
          );
        } catch (error) {
          // ECS has forgotten it: it ended an hour ago or more.
          const gone = error instanceof InvalidParameterException && /not found/i.test(error.message);
          if (!gone) throw error;
        }
      }),
  };
}

/** The failures of one RunTask by kind; those that were not tried any more count with the first. */
function countFailures(
  failures: readonly { kind: LaunchFailureKind; detail: string }[],
  missing: number,
): LaunchFailure[] {
  const counted = new Map<LaunchFailureKind, LaunchFailure>();
  for (const { kind, detail } of failures) {
    const known = counted.get(kind);
    if (known === undefined) counted.set(kind, { kind, detail, count: 1 });
    else known.count++;
  }
  const [first] = counted.values();
  first!.count += Math.max(0, missing - failures.length);
  return [...counted.values()];
}

/** For sweeps, which can wait; a request's own call has a limit over all tries. */
function defaultClient(): ECSClient {
  return new ECSClient({
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
}
