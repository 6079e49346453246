import { removeClientRequest } from '../shared/protocol/api.ts';
import { removeClient } from '../shared/use-cases/remove-client.ts';
import { taskRoute } from './runtime/routes.ts';

/** `POST /remove-client` */
export const handler = taskRoute(removeClientRequest, removeClient);
