/** RunTask of the ECS double. Its limits, refusals and idempotency: Amazon ECS API reference. */
import * as z from 'zod';
import { AwsError } from './errors.ts';
import {
  CAPACITY_PROVIDERS,
  FAMILIES,
  type LocalTask,
  type LocalTasks,
  taskArn,
  taskDefinitionArn,
} from './local-task.ts';
import type { TaskKind } from '../../shared/domain/task.ts';
import { taskShape } from './task-shape.ts';

export const runTaskInput = z.strictObject({
  cluster: z.string().optional(),
  taskDefinition: z.string(),
  count: z.int().min(1).max(10).default(1),
  clientToken: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/)
    .optional(),
  launchType: z.enum(['EC2', 'FARGATE']).optional(),
  capacityProviderStrategy: z
    .array(
      z.strictObject({
        capacityProvider: z.string(),
        weight: z.int().min(0).max(1_000).default(0),
        base: z.int().min(0).max(100_000).default(0),
      }),
    )
    .max(20)
    .optional(),
  networkConfiguration: z
    .strictObject({
      awsvpcConfiguration: z.strictObject({
        subnets: z.array(z.string()).min(1).max(16),
        securityGroups: z.array(z.string()).max(5).optional(),
        assignPublicIp: z.enum(['ENABLED', 'DISABLED']).default('DISABLED'),
      }),
    })
    .optional(),
  startedBy: z
    .string()
    .regex(/^[A-Za-z0-9_/-]{1,128}$/)
    .optional(),
  propagateTags: z.enum(['TASK_DEFINITION', 'SERVICE', 'NONE']).optional(),
  enableECSManagedTags: z.boolean().optional(),
});

type RunTaskInput = z.infer<typeof runTaskInput>;

/** Why some of the tasks of a launch are not launched, as RunTask reports it in its `failures`. */
export interface Refused {
  /** Of this launch at most; the others are launched. */
  count: number;
  reason: string;
  detail?: string;
}

/** The kind that a task definition is for, by its family, `family:revision` or ARN. Throws {@link AwsError}. */
export function kindOf(definition: string, fleet: LocalTasks, region: string): TaskKind {
  for (const [kind, family] of Object.entries(FAMILIES) as [TaskKind, string][]) {
    const revisions = Array.from({ length: fleet.revision() }, (_, n) => n + 1);
    const names = [
      family,
      ...revisions.flatMap((revision) => [
        `${family}:${revision}`,
        taskDefinitionArn({ region, kind, revision }),
      ]),
    ];
    if (names.includes(definition)) return kind;
  }
  throw new AwsError('ClientException', 'TaskDefinition not found.');
}

/** Relay tasks have network interfaces of their own, as on Fargate; render tasks use those of their host. */
function checkPlace(input: RunTaskInput, kind: TaskKind): void {
  const invalid = (message: string) => new AwsError('InvalidParameterException', message);
  const strategy = input.capacityProviderStrategy;
  if (strategy !== undefined && input.launchType !== undefined) {
    throw invalid('Specifying both a launch type and capacity provider strategy is not supported.');
  }
  for (const { capacityProvider } of strategy ?? []) {
    if (!CAPACITY_PROVIDERS[kind].includes(capacityProvider)) {
      throw invalid(`The specified capacity provider '${capacityProvider}' was not found.`);
    }
  }
  if (strategy !== undefined && !strategy.some(({ weight }) => weight > 0)) {
    throw invalid('At least one capacity provider must have a weight greater than zero.');
  }
  if (kind === 'relay' && input.networkConfiguration === undefined) {
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  if (kind === 'render' && input.networkConfiguration !== undefined) {
    throw invalid('Network Configuration is not valid for the given networkMode of this task definition.');
  }
}

/** What RunTask answers. `refused` is asked once for each launch that is not a repeated one. */
export function runTask(
  fleet: LocalTasks,
  region: string,
  refused: ((input: RunTaskInput) => Refused | undefined) | undefined,
): (input: RunTaskInput) => unknown {
  const launches = new Map<string, { asked: string; ids: string[] }>();
  const named = (ids: readonly string[]): LocalTask[] => fleet.all().filter(({ id }) => ids.includes(id));

  return (input) => {
    const { count, clientToken, ...place } = input;
    const asked = JSON.stringify({ count, ...place });
    const before = clientToken === undefined ? undefined : launches.get(clientToken);
    if (before !== undefined && before.asked !== asked) {
      throw new AwsError('ConflictException', 'The clientToken is in use with other parameters.', 400, {
        resourceIds: named(before.ids).map(taskArn),
      });
    }
    if (before !== undefined) return { tasks: named(before.ids).map(taskShape), failures: [] };

    const kind = kindOf(input.taskDefinition, fleet, region);
    checkPlace(input, kind);
    const refusal = refused?.(input);
    const lost = Math.min(count, refusal?.count ?? 0);
    const tasks = Array.from({ length: count - lost }, () => fleet.run(kind));
    if (clientToken !== undefined && tasks.length > 0) {
      launches.set(clientToken, { asked, ids: tasks.map(({ id }) => id) });
    }
    return {
      tasks: tasks.map(taskShape),
      failures: Array.from({ length: lost }, () => ({ reason: refusal?.reason, detail: refusal?.detail })),
    };
  };
}
