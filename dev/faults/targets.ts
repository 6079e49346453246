/** What of a local stack can be disturbed, and how. */
import type { RunningTask } from '../fleet.ts';
import type { KeptRouter } from '../kept-router.ts';
import { FaultError, type Mode, type Target } from './board.ts';
import { connectionModes, sayConnection } from './connection.ts';
import type { EcsMode } from './ecs.ts';
import type { Network } from './network.ts';

export interface Disturbable {
  store: 'dynamodb' | 'memory';
  /** Undefined in a stack without proxies. */
  network: Network | undefined;
  router: KeptRouter;
  ecs: { mode: EcsMode };
  /** Makes a new revision of the task definitions; returns its number. */
  revise: () => number;
  tasks: () => RunningTask[];
}

const NO_PROXIES =
  'this stack was started without proxies: start it with "npm run dev -- --faults" to disturb connections';
const NO_DYNAMODB =
  'this stack keeps its rooms in memory: start it with STORE=dynamodb (it needs Java) to disturb DynamoDB';
const PASS = 'pass';

/** A mode that only calls `does`. */
const doing =
  (does: () => unknown): Mode['apply'] =>
  async () => {
    await does();
    return undefined;
  };

function dynamodb({ network, store }: Disturbable): Target {
  const front = network?.dynamodb;
  const missing = store === 'memory' ? NO_DYNAMODB : front === undefined ? NO_PROXIES : undefined;
  const modes = connectionModes(front?.proxy, missing);
  /** A mode takes the place of the one before, be that a throttle; a reset is over at once. */
  const unthrottled = ([name, mode]: [string, Mode]): [string, Mode] => [
    name,
    {
      ...mode,
      apply(value) {
        if (front !== undefined && name !== 'reset') front.throttle.share = 0;
        return mode.apply(value);
      },
    },
  ];
  return {
    name: 'dynamodb',
    about: 'the way from the router to DynamoDB',
    state: () =>
      store === 'memory'
        ? 'not there'
        : front !== undefined && front.throttle.share > 0
          ? `throttle ${front.throttle.share}, ${front.throttle.refused} refused`
          : sayConnection(front?.proxy),
    modes: {
      ...Object.fromEntries(Object.entries(modes).map(unthrottled)),
      throttle: {
        about: 'that share of the requests is answered as throttled',
        argument: { name: 'share', least: 0, most: 1, fallback: 1 },
        ends_with: PASS,
        missing,
        async apply(share) {
          await front?.proxy.set({ mode: 'pass' });
          if (front !== undefined) front.throttle.share = share;
          return undefined;
        },
      },
    },
  };
}

function ecs({ ecs: double, revise }: Disturbable): Target {
  const mode = (name: EcsMode, about: string): Mode => ({
    about,
    ...(name === PASS ? {} : { ends_with: PASS }),
    apply() {
      double.mode = name;
      return undefined;
    },
  });
  return {
    name: 'ecs',
    about: 'the API of ECS, of which the sweep and scaling ask',
    state: () => double.mode,
    modes: {
      pass: mode('pass', 'every call is answered'),
      fail: mode('fail', 'every call is answered 500'),
      throttle: mode('throttle', 'every call is answered ThrottlingException'),
      half: mode('half', 'a listing fails after its first half'),
      short: mode('short', 'a listing ends after its first half, and nothing says so'),
      full: mode('full', 'no task is launched: there is no capacity'),
      lost: mode('lost', 'tasks are launched, and the answer is lost'),
      slow: mode('slow', 'every call takes 2 s'),
      deploy: {
        about: 'a new revision of the task definitions: the tasks that run are replaced',
        apply: () => Promise.resolve(`revision ${revise()}`),
      },
    },
  };
}

function router({ router: kept, store }: Disturbable): Target {
  const lost = store === 'memory' ? 'the store in its memory went with it: every room is gone' : undefined;
  const there = (does: () => void): Mode['apply'] =>
    doing(() => {
      if (kept.state === 'stopped') throw new FaultError('the router is stopped: "router start" first');
      does();
    });
  const halt = (signal: 'SIGKILL' | 'SIGTERM') => async (): Promise<string | undefined> => {
    await kept.halt(signal);
    return lost;
  };
  return {
    name: 'router',
    about: 'the router process; its port stays the same',
    state: () => kept.state,
    modes: {
      kill: { about: 'ended by SIGKILL', ends_with: 'start', apply: halt('SIGKILL') },
      stop: { about: 'ended by SIGTERM', ends_with: 'start', apply: halt('SIGTERM') },
      start: { about: 'started again', apply: doing(() => kept.again()) },
      restart: {
        about: 'killed, and started again at once',
        async apply() {
          await kept.halt('SIGKILL');
          await kept.again();
          return lost;
        },
      },
      freeze: { about: 'SIGSTOP', ends_with: 'thaw', apply: there(() => kept.freeze()) },
      thaw: { about: 'SIGCONT', apply: there(() => kept.thaw()) },
    },
  };
}

function ofTask({ network }: Disturbable, task: RunningTask, frozen: Set<number>): Target[] {
  const proxies = network?.ofTask(task.task_id);
  const missing = proxies === undefined ? NO_PROXIES : undefined;
  const signal = (name: NodeJS.Signals): void => {
    process.kill(task.pid, name);
  };
  return [
    {
      name: task.name,
      alias: task.task_id,
      about: `stream task ${task.task_id}, and the way to it`,
      state: () => `${frozen.has(task.pid) ? 'frozen' : 'running'}; ${sayConnection(proxies?.task)}`,
      modes: {
        kill: { about: 'ended by SIGKILL', apply: doing(() => signal('SIGKILL')) },
        stop: {
          about: 'ended by SIGTERM: it drains first',
          apply: doing(() => {
            signal('SIGTERM');
            // One that is frozen drains only once it goes on.
            signal('SIGCONT');
          }),
        },
        freeze: {
          about: 'SIGSTOP',
          ends_with: 'thaw',
          apply: doing(() => {
            signal('SIGSTOP');
            frozen.add(task.pid);
          }),
        },
        thaw: {
          about: 'SIGCONT',
          apply: doing(() => {
            signal('SIGCONT');
            frozen.delete(task.pid);
          }),
        },
        ...connectionModes(proxies?.task, missing),
      },
    },
    {
      name: `${task.name}/router`,
      alias: `${task.task_id}/router`,
      about: `the way from ${task.name} to the router`,
      state: () => sayConnection(proxies?.router),
      modes: connectionModes(proxies?.router, missing),
    },
  ];
}

/** The targets of a stack, as they are at each call. */
export function faultTargets(stack: Disturbable): () => Target[] {
  /** Pids of tasks. */
  const frozen = new Set<number>();
  const fixed = [router(stack), ecs(stack)];
  return () => [...fixed, dynamodb(stack), ...stack.tasks().flatMap((task) => ofTask(stack, task, frozen))];
}
