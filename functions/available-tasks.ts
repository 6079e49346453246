import { z } from 'zod';
import { availableTasks } from '../shared/use-cases/list-tasks.ts';
import { queryRoute } from './runtime/routes.ts';

/** `GET /available-tasks` */
export const handler = queryRoute(z.object({}), availableTasks);
