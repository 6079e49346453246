/** put-task: the first call is the task's registration, the others its heartbeat. */
import type { PutTaskRequest, PutTaskResponse } from '../shared/protocol/api.ts';
import { backoff } from './backoff.ts';
import { MOST_IN_ONE_CALL, type Connects } from './connects.ts';
import { countOne, type Counts } from './counts.ts';
import type { Logger } from './log.ts';
import type { NotOwned } from './registry-types.ts';
import { isLasting, type RouterAnswer, type RouterClient } from './router-client.ts';
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
  router: Pick<RouterClient, 'putTask'>;
  /** The rooms served now, and how many clients are connected. */
  load(): Pick<PutTaskRequest, 'rooms' | 'clients'>;
  /** The router took a room away. */
  disown(room: NotOwned): void;
  connects: Connects;
  timing: Pick<Timing, 'retry_first' | 'stop_call'>;
  counts: Counts;
  log: Logger;
}

/** `more`: answered, and there are connects that did not fit. */
type Outcome = 'failed' | 'told' | 'more';

export interface Heartbeat {
  /** Resolves when the router has accepted the task for the first time, or the heartbeat was stopped. */
  readonly registered: Promise<void>;
  /**
   * The next call is made at once, or a moment after the one under way has ended: what the router knew when that was
   * answered may be out of date.
   */
  soon(): void;
  /** From now on the task is told to be draining, at once for the first time. */
  drain(): void;
  /** Ends the regular calls. Resolves when none is under way. */
  end(): Promise<void>;
  /** Ends the regular calls, and tells `state` once. Resolves when that was answered or its time is over. */
  tell(state: 'DRAINING' | 'STOPPED'): Promise<void>;
}

/** Starts to call at once, and goes on until {@link Heartbeat.tell}. What does not fit into one call follows at once. */
export function startHeartbeat(deps: HeartbeatDeps): Heartbeat {
  const { identity, interval, router, connects, timing, counts, log } = deps;
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  let heartbeat_seq = 0;
  let lease_until = Infinity;
  let failures = 0;
  let hurried = false;
  let rest = new AbortController();
  let state: 'READY' | 'DRAINING' = 'READY';

  async function call(told_state: PutTaskRequest['state'], signal: AbortSignal): Promise<Outcome> {
    const { remote, ...fixed } = identity;
    const told = connects.list();
    const answer = await router.putTask(
      { ...fixed, state: told_state, ...deps.load(), heartbeat_seq: heartbeat_seq++, connects: told },
      remote,
      signal,
    );
    countOne(counts.put_task, answer.kind);
    if (answer.kind !== 'answered') {
      if (!signal.aborted) failed(answer);
      return 'failed';
    }
    lease_until = answer.body.lease_until;
    connects.answered(told);
    for (const room of answer.body.not_owned) {
      log.info({ room_id: room.room_id, epoch: room.epoch, moved: room.moved_to !== undefined }, 'room lost');
      deps.disown(room);
    }
    return told.length === MOST_IN_ONE_CALL && connects.size > 0 ? 'more' : 'told';
  }

  /** The rooms go on: it is for the router, or the operator, to end what is wrong. */
  function failed(answer: Exclude<RouterAnswer<PutTaskResponse>, { kind: 'answered' }>): void {
    failures++;
    const status = answer.kind === 'refused' ? answer.status : undefined;
    log[isLasting(answer) ? 'error' : 'warn']({ status, detail: answer.detail, failures }, 'put-task failed');
    if (Date.now() < lease_until) return;
    lease_until = Infinity;
    log.error(
      { failures },
      'the lease has run out: no new rooms come here, and clients that break may be moved',
    );
  }

  async function run(): Promise<void> {
    let registered = false;
    while (!stopping.signal.aborted) {
      hurried = false;
      const outcome = await call(state, stopping.signal);
      if (outcome !== 'failed') {
        if (!registered) log.info({ url: identity.url, port: identity.port }, 'registered with the router');
        else if (failures > 0) log.info({ failures }, 'the router answers again');
        failures = 0;
        registered = true;
        first.resolve();
      }
      if (stopping.signal.aborted || outcome === 'more') continue;
      rest = new AbortController();
      const tries = hurried ? 1 : failures;
      await wait(tries === 0 ? interval : backoff(tries, timing.retry_first, interval), rest.signal);
    }
    first.resolve();
  }

  const running = run();
  const soon = (): void => {
    hurried = true;
    rest.abort();
  };
  const end = (): Promise<void> => {
    stopping.abort();
    rest.abort();
    return running;
  };
  return {
    registered: first.promise,
    soon,
    drain() {
      state = 'DRAINING';
      soon();
    },
    end,
    async tell(last) {
      await end();
      await call(last, AbortSignal.timeout(timing.stop_call));
    },
  };
}
