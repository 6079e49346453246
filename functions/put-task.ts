import { putTaskRequest } from '../shared/protocol/api.ts';
import { refuse } from '../shared/use-cases/outcome.ts';
import { putTask } from '../shared/use-cases/put-task.ts';
import { taskRoute } from './runtime/routes.ts';

/** `POST /put-task`: a task speaks for itself alone. */
export const handler = taskRoute(putTaskRequest, async (deps, body, caller) =>
  body.task_id === caller.task_id
    ? putTask(deps, body, caller.remote)
    : refuse(
        'forbidden',
        `The token is that of task ${caller.task_id}, the body speaks for ${body.task_id}.`,
      ),
);
