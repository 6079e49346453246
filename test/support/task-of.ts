import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SECRET_NAME } from '../../dev/settings.ts';
import { httpTaskClient } from '../../shared/adapters/http-task-client.ts';
import { secretsManagerSource } from '../../shared/adapters/secrets-manager.ts';
import { systemClock } from '../../shared/adapters/system.ts';
import type { AvailableTasks } from '../../shared/protocol/api.ts';

/** Much longer than the router's own limit: on a busy machine a task that is slow to answer is still the one. */
const PATIENCE_MS = 15_000;

/**
 * Task id of the task that serves a room, by the tasks' own word. `url`: of the router; `aws`: environment to reach the
 * AWS doubles. Rejects when no task serves it.
 */
export async function taskOf(url: string, aws: Record<string, string>, room_id: string): Promise<string> {
  const client = new SecretsManagerClient({
    region: aws['AWS_REGION']!,
    endpoint: aws['AWS_ENDPOINT_URL_SECRETS_MANAGER']!,
    credentials: { accessKeyId: aws['AWS_ACCESS_KEY_ID']!, secretAccessKey: aws['AWS_SECRET_ACCESS_KEY']! },
  });
  try {
    const router = httpTaskClient(secretsManagerSource(SECRET_NAME, { client }), systemClock, PATIENCE_MS);
    const { tasks } = (await (await fetch(`${url}/available-tasks`)).json()) as AvailableTasks;
    for (const task of tasks) {
      const answer = await router.rooms(task, room_id);
      if (answer.kind === 'rooms' && answer.snapshot.rooms.some((room) => room.room_id === room_id)) {
        return task.task_id;
      }
    }
  } finally {
    client.destroy();
  }
  throw new Error(`no task serves the room ${room_id}`);
}
