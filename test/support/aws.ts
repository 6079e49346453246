/** The AWS doubles over a fleet that exists on paper only, for tests of what talks to AWS. */
import { randomBytes } from 'node:crypto';
import type { LocalTask, LocalTasks } from '../../dev/aws/local-task.ts';
import { type AwsDoubles, type AwsDoublesOptions, startAwsDoubles } from '../../dev/aws/server.ts';

export const REGION = 'local';
export const SECRET_NAME = 'test/router-secret';

/** A fleet whose tasks are records without a process. */
export function paperFleet(): LocalTasks & { add(task?: Partial<LocalTask>): LocalTask } {
  const tasks: LocalTask[] = [];
  const fleet = {
    all: () => tasks,
    add(given: Partial<LocalTask> = {}) {
      const task: LocalTask = {
        id: randomBytes(16).toString('hex'),
        region: REGION,
        launch_type: 'FARGATE',
        last_status: 'RUNNING',
        desired_status: 'RUNNING',
        created_at: Date.now(),
        ...given,
      };
      tasks.push(task);
      return task;
    },
    run: () => fleet.add({ last_status: 'PENDING' }),
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
    clientConfig: (service: 'ECS' | 'EC2' | 'SECRETS_MANAGER') => ({
      region: REGION,
      endpoint: doubles.env[`AWS_ENDPOINT_URL_${service}`]!,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    }),
  };
}
