import { createRoomRequest } from '../shared/protocol/api.ts';
import { createRoom } from '../shared/use-cases/create-room.ts';
import { clientRoute, grantStatus } from './runtime/routes.ts';

/** `POST /create-room` */
export const handler = clientRoute(createRoomRequest, grantStatus(201), (deps, body, { key }) =>
  createRoom(deps, body, key),
);
