import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SECRET_NAME } from '../../dev/settings.ts';
import { httpTaskClient } from '../../shared/adapters/http-task-client.ts';
import { secretsManagerSource } from '../../shared/adapters/secrets-manager.ts';
import { systemClock } from '../../shared/adapters/system.ts';
import type { TaskClient } from '../../shared/ports/task-client.ts';
import type { AvailableTasks, TaskRooms } from '../../shared/protocol/api.ts';

/** Much longer than the router's own limit: on a busy machine a task that is slow to answer is still the one. */
const PATIENCE_MS = 15_000;

type Tasks = AvailableTasks['tasks'];

/** What `ask` makes of the tasks that the router knows and of calls that they take for the router's. */
async function asRouter<T>(
  url: string,
  aws: Record<string, string>,
  ask: (tasks: Tasks, router: TaskClient) => Promise<T>,
): Promise<T> {
  const client = new SecretsManagerClient({
    region: aws['AWS_REGION']!,
    endpoint: aws['AWS_ENDPOINT_URL_SECRETS_MANAGER']!,
    credentials: { accessKeyId: aws['AWS_ACCESS_KEY_ID']!, secretAccessKey: aws['AWS_SECRET_ACCESS_KEY']! },
  });
  try {
    const router = httpTaskClient(secretsManagerSource(SECRET_NAME, { client }), systemClock, PATIENCE_MS);
    const { tasks } = (await (await fetch(`${url}/available-tasks`)).json()) as AvailableTasks;
    return await ask(tasks, router);
  } finally {
    client.destroy();
  }
}

/**
 * Task id of the task that serves a room, by the tasks' own word. `url`: of the router; `aws`: environment to reach the
 * AWS doubles. Rejects when no task serves it.
 */
export function taskOf(url: string, aws: Record<string, string>, room_id: string): Promise<string> {
  return asRouter(url, aws, async (tasks, router) => {
    for (const task of tasks) {
      const answer = await router.rooms(task, room_id);
      if (answer.kind === 'rooms' && answer.snapshot.rooms.some((room) => room.room_id === room_id)) {
        return task.task_id;
      }
    }
    throw new Error(`no task serves the room ${room_id}`);
  });
}

/** The rooms that a task serves, by its own word. Rejects when it does not say. */
export function roomsOf(
  url: string,
  aws: Record<string, string>,
  task_id: string,
): Promise<TaskRooms['rooms']> {
  return asRouter(url, aws, async (tasks, router) => {
    const task = tasks.find((candidate) => candidate.task_id === task_id);
    const answer = task === undefined ? undefined : await router.rooms(task);
    if (answer?.kind !== 'rooms') throw new Error(`task ${task_id} does not say what it serves`);
    return answer.snapshot.rooms;
  });
}
