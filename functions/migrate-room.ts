import { migrateRoomRequest } from '../shared/protocol/api.ts';
import { migrateRoom } from '../shared/use-cases/migrate-room.ts';
import { taskRoute } from './runtime/routes.ts';

/** `POST /migrate-room`: a task gives up its own rooms alone. */
export const handler = taskRoute(migrateRoomRequest, (deps, body, { task_id }) =>
  migrateRoom(deps, task_id, body),
);
