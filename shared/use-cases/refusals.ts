/** The refusals that more than one use case gives, in one wording. */
import { RETRY_AFTER_S } from '../domain/liveness.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../protocol/idempotency-key.ts';
import { refuse } from './outcome.ts';

/** The same answer for unknown, closed and expired. */
export const roomNotFound = (room_id: string) =>
  refuse('room_not_found', `There is no room ${room_id} (any more). Check the number, or create a room.`);

/** The same answer for an unknown client and a wrong ticket. */
export const clientNotFound = () =>
  refuse(
    'client_not_found',
    'This client has no seat in the room (any more), or the ticket is not its own. Join the room as a new client.',
  );

/** The same idempotency key, another request. */
export const keyReused = () =>
  refuse(
    'idempotency_key_reused',
    'This Idempotency-Key came with another request before. Draw a new key for each request, and send it again only with that very request.',
    { faults: [{ path: IDEMPOTENCY_KEY_HEADER, message: 'was used with another body or route' }] },
  );

/** The first request with this idempotency key may still be at work. */
export const requestInFlight = () =>
  refuse(
    'request_in_flight',
    'The first request with this Idempotency-Key is still under way. Send it again in a moment.',
    { retry_after_s: RETRY_AFTER_S.request_in_flight },
  );

/** Too many joins from one source found nothing. */
export const tooManyFailures = (retry_after_s: number) =>
  refuse(
    'rate_limited',
    'Too many joins from your network found no such room. Check the room number, and try again later.',
    { retry_after_s },
  );

export const roomFull = (max_clients: number) =>
  refuse('room_full', `All ${max_clients} seats of the room are taken. Try again when somebody has left.`, {
    retry_after_s: RETRY_AFTER_S.room_full,
  });

export const roomsExhausted = (max_rooms: number) =>
  refuse('rooms_exhausted', `All ${max_rooms} rooms are taken. Try again when one has closed.`, {
    retry_after_s: RETRY_AFTER_S.rooms_exhausted,
  });

export const noTaskAvailable = () =>
  refuse('no_task_available', 'No stream task could take the room just now. Try again in a moment.', {
    retry_after_s: RETRY_AFTER_S.no_task_available,
  });

export const kindNotServed = (kind: string, served: readonly string[]) =>
  refuse('invalid_request', `This deployment runs no ${kind} tasks.`, {
    faults: [{ path: 'kind', message: `must be one of ${served.join(', ')} here` }],
  });
