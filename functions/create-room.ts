import { createRoomRequest } from '../shared/protocol/api.ts';
import { createRoom } from '../shared/use-cases/create-room.ts';
import { clientRoute } from './runtime/routes.ts';

/** `POST /create-room` */
export const handler = clientRoute(createRoomRequest, 201, (deps, body, { key }) =>
  createRoom(deps, body, key),
);
