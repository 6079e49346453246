/** How a task drains: the router moves its rooms to other tasks, and it goes on until their clients have followed. */
import { backoff } from './backoff.ts';
import { countOne, type Counts } from './counts.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Logger } from './log.ts';
import type { Registry } from './registry.ts';
import type { Removals } from './removals.ts';
import { isLasting, type RouterClient } from './router-client.ts';
import type { Timing } from './timing.ts';
import { wait } from './wait.ts';

/** Rooms that are moved at once. */
const WORKERS = 8;

export interface DrainDeps {
  registry: Pick<Registry, 'drain' | 'drained' | 'roomEpochs' | 'epochOf' | 'moved'>;
  router: Pick<RouterClient, 'migrateRoom'>;
  removals: Pick<Removals, 'moved'>;
  /** Undefined before it knows its address. */
  heartbeat: Pick<Heartbeat, 'drain' | 'soon'> | undefined;
  /**
   * Ids of the rooms for which migrate-room has not answered yet. What a heartbeat says of them meanwhile is early: their seats may
   * not be registered at the new place.
   */
  migrating: Set<string>;
  timing: Pick<Timing, 'retry_first' | 'migrate_pause'>;
  counts: Counts;
  log: Logger;
}

/** Resolves when nobody is here any more, after `limit` ms, or when `signal` is aborted. Never rejects. */
export async function drainTask(deps: DrainDeps, limit: number, signal: AbortSignal): Promise<void> {
  deps.registry.drain(limit);
  deps.heartbeat?.drain();
  const over = new AbortController();
  void moveRooms(deps, AbortSignal.any([signal, over.signal]));
  await Promise.race([deps.registry.drained, wait(limit, signal)]);
  over.abort();
}

/**
 * Resolves when each room that is here now has been moved or has ended, or when `signal` is aborted. One that finds no place
 * is tried again behind the others, and served here meanwhile. Never rejects.
 */
async function moveRooms(deps: DrainDeps, signal: AbortSignal): Promise<void> {
  const { registry, timing } = deps;
  const waiting = registry.roomEpochs().map(({ room_id }) => ({ room_id, tries: 0 }));
  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
      if (await moveRoom(deps, next.room_id, signal)) continue;
      next.tries++;
      waiting.push(next);
      await wait(backoff(next.tries, timing.retry_first, timing.migrate_pause), signal);
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, work));
}

/** One try. True if the room is not here any more. */
async function moveRoom(deps: DrainDeps, room_id: string, signal: AbortSignal): Promise<boolean> {
  const { registry, router, migrating, counts, log } = deps;
  const epoch = registry.epochOf(room_id);
  if (epoch === undefined) return true;
  const since = performance.now();
  migrating.add(room_id);
  const answer = await router.migrateRoom({ room_id, epoch }, signal);
  migrating.delete(room_id);
  if (signal.aborted) return false;
  countOne(counts.migrate_room, answer.kind);
  if (answer.kind === 'answered') {
    registry.moved(room_id, answer.body, since);
    deps.removals.moved(room_id, answer.body.epoch);
    log.info({ room_id, epoch: answer.body.epoch }, 'room moved');
    return registry.epochOf(room_id) === undefined;
  }
  const status = answer.kind === 'refused' ? answer.status : undefined;
  log[isLasting(answer) ? 'warn' : 'debug'](
    { room_id, epoch, status, detail: answer.detail },
    'room not moved',
  );
  // It is not ours, or not at this epoch: the next heartbeat tells what became of it.
  if (status === 404 || status === 409) deps.heartbeat?.soon();
  return false;
}
