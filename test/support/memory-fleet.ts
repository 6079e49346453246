/** A fleet that exists on paper only, with a clock that the test moves: its tasks start and end when the test says so. */
import {
  FleetUnavailable,
  type Fleet,
  type FleetTask,
  type LaunchFailure,
} from '../../shared/ports/fleet.ts';

export interface MemoryFleet extends Fleet {
  tasks(): FleetTask[];
  /** The process of a task is up, or has ended as it was told to. */
  started(task_arn: string): void;
  ended(task_arn: string): void;
  /** Its process ends unasked. */
  killed(task_arn: string): void;
  /** What is launched from now on is another version. */
  revise(): void;
  /** Launched tasks are listed only from then on. */
  listsLate: boolean;
  /** The next launch fails so, for all of its tasks. */
  refuse: LaunchFailure['kind'] | undefined;
  /** The API is away; `answers`: it does what it is asked, and its answer is lost. */
  away: 'away' | 'answers' | undefined;
}

interface Entry {
  task: FleetTask;
  revision: number;
}

/** `arn`: of the task of that number. `now`: ms since the Unix epoch. */
export function memoryFleet(arn: (n: number) => string, now: () => number): MemoryFleet {
  const entries: Entry[] = [];
  const launches = new Map<string, FleetTask[]>();
  let revision = 1;
  const find = (task_arn: string) => entries.find(({ task }) => task.task_arn === task_arn);
  const shown = (entry: Entry): FleetTask => ({ ...entry.task, outdated: entry.revision !== revision });
  const unavailable = () => new FleetUnavailable('the fleet is away');

  /** Does `run`, unless the API is away. */
  async function answer<T>(run: () => T): Promise<T> {
    if (fleet.away === 'away') throw unavailable();
    const result = run();
    if (fleet.away === 'answers') throw unavailable();
    return result;
  }

  function enter(task_arn: string, state: FleetTask['state'], stopped_reason?: string): void {
    const entry = find(task_arn);
    if (entry === undefined || entry.task.state === 'stopped') return;
    entry.task.state = state;
    entry.task.stopped_reason ??= stopped_reason;
  }

  const fleet: MemoryFleet = {
    listsLate: false,
    refuse: undefined,
    away: undefined,
    tasks: () => entries.map(shown),
    started: (task_arn) => enter(task_arn, 'running'),
    ended: (task_arn) => enter(task_arn, 'stopped'),
    killed: (task_arn) => enter(task_arn, 'stopped', 'Essential container in task exited'),
    revise() {
      revision++;
    },

    list: () =>
      answer(() => {
        const listed = entries.map(shown);
        return fleet.listsLate ? listed.filter(({ state }) => state !== 'starting') : listed;
      }),
    describe: (task_arn) =>
      answer(() => {
        const entry = find(task_arn);
        return entry && shown(entry);
      }),
    launch: (count, kind, token) =>
      answer(() => {
        if (fleet.refuse !== undefined) {
          return { launched: [], failures: [{ kind: fleet.refuse, count, detail: 'told to fail' }] };
        }
        let launched = launches.get(token);
        if (launched === undefined) {
          launched = Array.from({ length: count }, () => {
            const task = {
              task_arn: arn(entries.length),
              state: 'starting' as const,
              kind,
              created_at: now(),
            };
            entries.push({ task, revision });
            return task;
          });
          launches.set(token, launched);
        }
        return { launched: launched.map((task) => ({ ...task })), failures: [] };
      }),
    stop: (task_arn, reason) =>
      answer(() => {
        const state = find(task_arn)?.task.state;
        if (state !== 'stopping' && state !== 'stopped') enter(task_arn, 'stopping', reason);
      }),
  };
  return fleet;
}
