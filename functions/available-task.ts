import { z } from 'zod';
import { taskKind } from '../shared/protocol/api.ts';
import { availableTask } from '../shared/use-cases/list-tasks.ts';
import { queryRoute } from './runtime/routes.ts';

/** `GET /available-task?kind=` */
export const handler = queryRoute(z.object({ kind: taskKind.default('relay') }), (deps, { kind }) =>
  availableTask(deps, kind),
);
