import { joinRoomRequest } from '../shared/protocol/api.ts';
import { joinRoom } from '../shared/use-cases/join-room.ts';
import { resumeFrom } from '../shared/use-cases/resume-client.ts';
import { clientRoute, grantStatus } from './runtime/routes.ts';

/** `POST /join-room`: a new seat, or with client id and ticket the same seat again. */
export const handler = clientRoute(
  joinRoomRequest,
  grantStatus(200),
  (deps, { room_id, client_id, ticket }, caller) =>
    client_id !== undefined && ticket !== undefined
      ? resumeFrom(deps, { room_id, client_id, ticket }, caller.address)
      : joinRoom(deps, { room_id }, caller),
);
