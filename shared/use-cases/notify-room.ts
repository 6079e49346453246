import { CONTROL_CONNECTING_MS } from '../domain/liveness.ts';
import type { RoomRecord } from '../domain/room.ts';
import type { ControlConnection } from '../ports/room-store.ts';
import type { ControlPush } from '../protocol/control-channel.ts';
import type { Deps } from './deps.ts';
import { inParallel } from './parallel.ts';

/** Where a room is, for those who are told. */
export function placeIn({ room_id, url, epoch }: RoomRecord): Pick<RoomRecord, 'room_id' | 'url' | 'epoch'> {
  return { room_id, url, epoch };
}

/** Sends `message` to one connection, and forgets it if it is gone. Never throws: who heard nothing asks. */
export async function tell(
  { push, store, clock, telemetry }: Deps,
  { connection_id, connected_at, room_id }: ControlConnection,
  message: ControlPush,
): Promise<void> {
  try {
    const gone = (await push?.send(connection_id, message)) === 'gone';
    // One that is still being made counts as gone, too; it asks as soon as it is open.
    if (gone && connected_at + CONTROL_CONNECTING_MS <= clock.now()) {
      await store.removeConnection(connection_id);
    }
  } catch (error) {
    telemetry.count('pushes_failed');
    telemetry.warn('a client could not be told', { room_id, what: message.type, cause: String(error) });
  }
}

/**
 * Tells every client of `room` that has a control channel. Never throws: it is a help, and whoever heard nothing asks. One
 * query where nobody has one; nothing at all where there is no control channel.
 */
export async function notifyRoom(
  deps: Deps,
  { room_id, created_at }: Pick<RoomRecord, 'room_id' | 'created_at'>,
  message: ControlPush,
): Promise<void> {
  const { push, store, clock, telemetry } = deps;
  if (push === undefined) return;
  try {
    const connections = await store.listConnections(room_id);
    // Room ids are used again: who still listens for an earlier room is not told of this one.
    const own = connections.filter(
      ({ room_created_at, expires_at }) => room_created_at === created_at && expires_at > clock.now(),
    );
    await inParallel(own, (connection) => tell(deps, connection, message));
  } catch (error) {
    telemetry.count('pushes_failed');
    telemetry.warn('who listens to a room could not be read', { room_id, cause: String(error) });
  }
}
