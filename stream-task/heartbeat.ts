/** put-task: the first call is the task's registration, the others its heartbeat. */
import type { PutTaskRequest } from '../shared/protocol/api.ts';
import { backoff } from './backoff.ts';
import { countOne, type Counts } from './counts.ts';
import type { Logger } from './log.ts';
import type { Connect, NotOwned } from './registry-types.ts';
import type { RouterClient } from './router-client.ts';
import type { Timing } from './timing.ts';
import { wait } from './wait.ts';

/** What of put-task does not change while the process runs. */
export type TaskIdentity = Pick<
  PutTaskRequest,
  'task_id' | 'task_arn' | 'kind' | 'region' | 'port' | 'url' | 'room_capacity' | 'started_at'
> & {
  /** Public IP address, sent as the `Remote` header. */
  remote: string;
};

export interface HeartbeatDeps {
  identity: TaskIdentity;
  /** Time between two calls, ms. */
  interval: number;
  router: RouterClient;
  /** The rooms served now, and how many clients are connected. */
  load(): Pick<PutTaskRequest, 'rooms' | 'clients'>;
  /** The router took a room away. */
  disown(room: NotOwned): void;
  connects: Connects;
  timing: Pick<Timing, 'retry_first' | 'stop_call'>;
  counts: Counts;
  log: Logger;
}

/** Connects that the router was not told yet: kept until a call that had them was answered. */
export class Connects {
  /** By client; a later connect takes the place of an earlier one. */
  readonly #waiting = new Map<string, Connect>();

  get size(): number {
    return this.#waiting.size;
  }

  add(connect: Connect): void {
    const key = `${connect.room_id}.${connect.client_id}`;
    // So many can only pile up while the router is away: the oldest are let go, the sweep repairs it.
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(key)) {
      const [oldest] = this.#waiting.keys();
      if (oldest !== undefined) this.#waiting.delete(oldest);
    }
    this.#waiting.set(key, connect);
  }

  /** The oldest, as many as one call tells. */
  list(): Connect[] {
    return [...this.#waiting.values()].slice(0, MOST_IN_ONE_CALL);
  }

  /** Forgets those of `told` that nothing newer has replaced since. */
  answered(told: readonly Connect[]): void {
    for (const connect of told) {
      const key = `${connect.room_id}.${connect.client_id}`;
      if (this.#waiting.get(key) === connect) this.#waiting.delete(key);
    }
  }
}

/** Connects that wait at most. */
const MOST_WAITING = 100_000;
/** Connects in one call at most: each is a write of the router's, which has a time limit. */
const MOST_IN_ONE_CALL = 1_000;

/** `more`: answered, and there are connects that did not fit. */
type Outcome = 'failed' | 'told' | 'more';

export interface Heartbeat {
  /** Resolves when the router has accepted the task for the first time, or the heartbeat was stopped. */
  readonly registered: Promise<void>;
  /** Ends the regular calls, and tells `state` once. Resolves when that was answered or its time is over. */
  tell(state: 'DRAINING' | 'STOPPED'): Promise<void>;
}

/** Starts to call at once, and goes on until {@link Heartbeat.tell}. What does not fit into one call follows at once. */
export function startHeartbeat(deps: HeartbeatDeps): Heartbeat {
  const { identity, interval, router, connects, timing, counts, log } = deps;
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  let heartbeat_seq = 0;

  async function call(state: PutTaskRequest['state'], signal: AbortSignal): Promise<Outcome> {
    const { remote, ...fixed } = identity;
    const told = connects.list();
    const answer = await router.putTask(
      { ...fixed, state, ...deps.load(), heartbeat_seq: heartbeat_seq++, connects: told },
      remote,
      signal,
    );
    countOne(counts.put_task, answer.kind);
    if (answer.kind !== 'answered') {
      if (signal.aborted) return 'failed';
      const status = answer.kind === 'refused' ? answer.status : undefined;
      log.warn({ status, detail: answer.detail }, 'put-task failed');
      return 'failed';
    }
    connects.answered(told);
    for (const room of answer.body.not_owned) {
      log.info({ room_id: room.room_id, epoch: room.epoch, moved: room.moved_to !== undefined }, 'room lost');
      deps.disown(room);
    }
    return told.length === MOST_IN_ONE_CALL && connects.size > 0 ? 'more' : 'told';
  }

  async function run(): Promise<void> {
    let registered = false;
    for (let failures = 0; !stopping.signal.aborted;) {
      const outcome = await call('READY', stopping.signal);
      if (outcome !== 'failed') {
        failures = 0;
        if (!registered) log.info({ url: identity.url, port: identity.port }, 'registered with the router');
        registered = true;
        first.resolve();
      } else failures++;
      if (outcome === 'more') continue;
      const pause = failures === 0 ? interval : backoff(failures, timing.retry_first, interval);
      await wait(pause, stopping.signal);
    }
    first.resolve();
  }

  const running = run();
  return {
    registered: first.promise,
    async tell(state) {
      stopping.abort();
      await running;
      await call(state, AbortSignal.timeout(timing.stop_call));
    },
  };
}
