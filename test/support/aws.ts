/** The AWS doubles over a fleet that exists on paper only, for tests of what talks to AWS. */
import { randomBytes } from 'node:crypto';
import type { TaskKind } from '../../shared/domain/task.ts';
import { ecsLaunches } from '../../shared/adapters/ecs-launch.ts';
import { CAPACITY_PROVIDERS, FAMILIES, type LocalTask, type LocalTasks } from '../../dev/aws/local-task.ts';
import { type AwsDoubles, type AwsDoublesOptions, startAwsDoubles } from '../../dev/aws/server.ts';

export const REGION = 'local';
export const SECRET_NAME = 'test/router-secret';

/** What the local cluster takes as a launch, its task definitions by family alone. */
export const TEST_LAUNCHES = ecsLaunches({
  RELAY_TASK_DEFINITION: FAMILIES.relay,
  RENDER_TASK_DEFINITION: FAMILIES.render,
  RELAY_CAPACITY_PROVIDERS: CAPACITY_PROVIDERS.relay.map((name, n) => `${name}:${n + 1}`),
  RENDER_CAPACITY_PROVIDERS: [...CAPACITY_PROVIDERS.render],
  TASK_SUBNETS: ['subnet-00000000'],
  TASK_SECURITY_GROUPS: ['sg-00000000'],
});

/** A fleet whose tasks are records without a process. */
export function paperFleet(): LocalTasks & {
  add(task?: Partial<LocalTask>): LocalTask;
  /** Makes a new revision of the task definitions. */
  revise(): void;
} {
  const tasks: LocalTask[] = [];
  let revision = 1;
  const fleet = {
    all: () => tasks,
    revision: () => revision,
    revise() {
      revision++;
    },
    add(given: Partial<LocalTask> = {}) {
      const task: LocalTask = {
        id: randomBytes(16).toString('hex'),
        region: REGION,
        kind: 'relay',
        revision,
        version: 1,
        launch_type: given.kind === 'render' ? 'EC2' : 'FARGATE',
        last_status: 'RUNNING',
        desired_status: 'RUNNING',
        created_at: Date.now(),
        ...given,
      };
      tasks.push(task);
      return task;
    },
    run: (kind: TaskKind) => fleet.add({ kind, last_status: 'PENDING' }),
    stop(id: string, reason: string) {
      const task = tasks.find((candidate) => candidate.id === id);
      if (task === undefined) return;
      Object.assign(task, {
        last_status: 'STOPPED',
        desired_status: 'STOPPED',
        stop_code: 'UserInitiated',
        stopped_reason: reason,
        stopped_at: Date.now(),
      });
    },
  };
  return fleet;
}

/** Starts the doubles; `clientConfig(service)` configures an SDK client for them without the environment. */
export async function startTestAws(options: Partial<AwsDoublesOptions> & { fleet: LocalTasks }) {
  const doubles: AwsDoubles = await startAwsDoubles({
    region: REGION,
    secret: { name: SECRET_NAME, value: 'first' },
    ...options,
  });
  return {
    doubles,
    clientConfig: (service: 'ECS' | 'EC2' | 'SECRETS_MANAGER' | 'LAMBDA') => ({
      region: REGION,
      endpoint: doubles.env[`AWS_ENDPOINT_URL_${service}`]!,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    }),
  };
}
