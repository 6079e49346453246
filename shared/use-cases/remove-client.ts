import type { RemoveClientRequest, RemoveClientResponse } from '../protocol/api.ts';
import type { Deps } from './deps.ts';
import { done, type Outcome } from './outcome.ts';

/** Gives up a seat (rule 6). Idempotent: an older connection's or an older epoch's removal does nothing. */
export async function removeClient(
  deps: Deps,
  request: RemoveClientRequest,
): Promise<Outcome<RemoveClientResponse>> {
  const { store, telemetry } = deps;
  const result = await store.removeClient(request);
  if (result.kind === 'ignored') return done({ removed: false });
  telemetry.count('clients_removed');
  if (result.closed) {
    telemetry.count('rooms_closed');
    telemetry.info('room closed', { room_id: request.room_id });
  }
  return done({ removed: true });
}
