/**
 * remove-client calls: each is tried a few times with backoff. They are idempotent, and what stays undone is repaired
 * by the router's reconcile sweep, so that both tries and queue may be bounded.
 */
import type { RemoveClientRequest } from '../shared/protocol/api.ts';
import { backoff } from './backoff.ts';
import { countOne, type Counts } from './counts.ts';
import type { Logger } from './log.ts';
import { isLasting, type RouterClient } from './router-client.ts';
import type { Timing } from './timing.ts';
import { wait } from './wait.ts';

/** Calls at once. */
const WORKERS = 8;
/** Removals that wait at most; more than that are left to the sweep. */
const MOST_WAITING = 10_000;
const MOST_TRIES = 8;
/** Removals that found nothing at their epoch are remembered, so many at most: their room may just have been moved. */
const MOST_MISSED = 1_000;

export interface Removals {
  add(removal: RemoveClientRequest): void;
  /** The room is elsewhere at `epoch`: removals that came too late for its old place are for the new one, too. */
  moved(room_id: string, epoch: number): void;
  /** Whether a removal of this seat, or of a later generation of it, is under way or waits. */
  has(seat: RemoveClientRequest): boolean;
  /** Resolves when nothing is under way or waits. */
  idle(): Promise<void>;
  /** Gives up what is under way and what waits. */
  stop(): void;
}

const nameOf = ({ room_id, client_id }: RemoveClientRequest): string => `${room_id}.${client_id}`;

export function createRemovals(deps: {
  router: Pick<RouterClient, 'removeClient'>;
  timing: Pick<Timing, 'retry_first' | 'retry_longest'>;
  counts: Counts;
  log: Logger;
}): Removals {
  const { router, timing, counts, log } = deps;
  const waiting: RemoveClientRequest[] = [];
  /** Under way or waiting, by client. */
  const pending = new Map<string, RemoveClientRequest>();
  let missed: RemoveClientRequest[] = [];
  const stopping = new AbortController();
  let busy = 0;
  let idle: (() => void)[] = [];

  async function remove(removal: RemoveClientRequest): Promise<string> {
    const { room_id, client_id } = removal;
    for (let attempt = 1; attempt <= MOST_TRIES && !stopping.signal.aborted; attempt++) {
      const answer = await router.removeClient(removal, stopping.signal);
      if (answer.kind === 'answered') {
        if (answer.body.removed) return 'removed';
        missed.push(removal);
        if (missed.length > MOST_MISSED) missed.shift();
        return 'gone';
      }
      if (isLasting(answer)) {
        log.error(
          { room_id, client_id, status: answer.status, detail: answer.detail },
          'remove-client refused',
        );
        return 'refused';
      }
      log.debug({ room_id, client_id, attempt, detail: answer.detail }, 'remove-client failed');
      await wait(backoff(attempt, timing.retry_first, timing.retry_longest), stopping.signal);
    }
    log.warn({ room_id, client_id }, 'remove-client given up: the sweep repairs it');
    return 'given_up';
  }

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      countOne(counts.remove_client, await remove(next));
      if (pending.get(nameOf(next)) === next) pending.delete(nameOf(next));
    }
    busy--;
    if (busy > 0) return;
    const done = idle;
    idle = [];
    for (const resolve of done) resolve();
  }

  function add(removal: RemoveClientRequest): void {
    if (stopping.signal.aborted || waiting.length >= MOST_WAITING) {
      return countOne(counts.remove_client, 'given_up');
    }
    waiting.push(removal);
    pending.set(nameOf(removal), removal);
    if (busy >= WORKERS) return;
    busy++;
    void work();
  }

  return {
    add,
    moved(room_id, epoch) {
      const isLate = (one: RemoveClientRequest) => one.room_id === room_id && one.epoch < epoch;
      const late = [...pending.values(), ...missed].filter(isLate);
      missed = missed.filter((one) => !isLate(one));
      for (const removal of late) add({ ...removal, epoch });
    },
    has(seat) {
      const removal = pending.get(nameOf(seat));
      return removal?.epoch === seat.epoch && seat.generation <= removal.generation;
    },
    idle: () => (busy === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
    stop() {
      stopping.abort();
      waiting.length = 0;
      pending.clear();
    },
  };
}
