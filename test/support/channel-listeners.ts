/** Clients on the control channel, in a small world. */
import type { Grant } from '../../shared/protocol/api.ts';
import { CONTROL_PROTOCOL } from '../../shared/protocol/control-channel.ts';
import { credentialsToken } from '../../shared/protocol/subprotocol.ts';
import { openChannel, syncChannel } from '../../shared/use-cases/control-channel.ts';
import { makeWorld, type World } from './world.ts';

/** A deployment whose fleet may grow. */
export const makeGrowing = (settings = {}) => makeWorld({ MAX_TASKS: '5', PENDING_LIMIT: '1m', ...settings });

/** What a client offers as subprotocols. */
export const offer = (grant: Grant) => `${CONTROL_PROTOCOL}, ${credentialsToken(grant)}`;
/** Opens a channel for the client of a grant. */
export const listen = (world: World, grant: Grant, connection_id: string) =>
  openChannel(world.deps, { connection_id, origin: undefined, subprotocols: offer(grant) });

/** What was told since the last look. */
export function told(world: World): unknown[] {
  return world.pushed.splice(0).map(({ connection_id, message }) => [connection_id, message]);
}

/** What the connection is answered that asks. */
export async function answer(world: World, connection_id: string): Promise<unknown> {
  await syncChannel(world.deps, connection_id);
  return world.pushed.pop()?.message;
}
