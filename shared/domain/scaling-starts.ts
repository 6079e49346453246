/** What became of the tasks that were launched, and when to launch no more for a while: pure. */
import type { LaunchResult } from '../ports/fleet.ts';
import type { Backoff, ScalingMemory, ScalingTask } from './scaling-types.ts';

/** So many tasks that have not registered yet are remembered: what is kept of a fleet must fit one item of the database. */
const STARTS = 1_000;
/** So many boot times are remembered. */
const BOOTS = 10;
/** Assumed until the first task has come up. */
const EXPECTED_BOOT_MS = 90_000;
const FIRST_PAUSE_MS = 15_000;
/** The longest pause. Also the first one where somebody must change something before a launch can work. */
const LONGEST_PAUSE_MS = 5 * 60_000;

/** How long a task takes from its launch until it can be given rooms: as long as the slowest of the last ones. */
export function bootTime({ boots }: Pick<ScalingMemory, 'boots'>): number {
  return boots.length === 0 ? EXPECTED_BOOT_MS : Math.max(...boots);
}

export function backingOff({ backoff }: Pick<ScalingMemory, 'backoff'>, now: number): boolean {
  return backoff !== undefined && backoff.until > now;
}

/** How long nothing is tried again after so many failures in a row: the pause doubles each time. */
export function pauseAfter(failures: number, shortest = 0): number {
  const pause = Math.max(shortest, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
  return Math.min(pause, LONGEST_PAUSE_MS);
}

/** One more failure. */
function failed(backoff: Backoff | undefined, cause: string, now: number, shortest: number): Backoff {
  const failures = (backoff?.failures ?? 0) + 1;
  return { failures, until: now + pauseAfter(failures, shortest), cause };
}

/**
 * Looks at the tasks that were starting when the last plan was made: which have registered (and how long they took), and which
 * are gone. Starts that fail, without one that succeeds, lead to a pause like launches that are refused: something that does
 * not start must not be launched over and over. `late`: tasks that take too long, to be stopped. `over`: those that had
 * registered, and are gone since.
 */
export function judgeStarts(
  memory: ScalingMemory,
  tasks: readonly ScalingTask[],
  late: ReadonlySet<string>,
  now: number,
  over: readonly string[] = [],
): Pick<ScalingMemory, 'boots' | 'starting' | 'backoff'> {
  const present = new Map(tasks.map((task) => [task.task_arn, task]));
  const boots = [...memory.boots];
  let gone = 0;
  let registered = 0;
  const still: ScalingMemory['starting'] = [];
  for (const start of memory.starting) {
    const task = present.get(start.task_arn);
    if (over.includes(start.task_arn)) registered++;
    else if (task === undefined || late.has(start.task_arn)) gone++;
    else if (task.state === 'STARTING') still.push(start);
    else {
      registered++;
      if (task.state === 'READY') boots.push(Math.max(0, task.since - start.launched_at));
    }
  }
  const backoff =
    registered > 0
      ? undefined
      : gone > 0
        ? failed(memory.backoff, `${gone} of the launched tasks never registered`, now, 0)
        : memory.backoff;
  return { boots: boots.slice(-BOOTS), starting: still, backoff };
}

/** The memory after a launch came out as `result`. */
export function afterLaunch(memory: ScalingMemory, result: LaunchResult, now: number): ScalingMemory {
  const { launching: _launching, unanswered_since: _since, ...rest } = memory;
  const launched = result.launched.map(({ task_arn, created_at }) => ({
    task_arn,
    launched_at: created_at ?? now,
  }));
  const starting = [...rest.starting, ...launched].slice(-STARTS);
  const worst = result.failures.find(({ kind }) => kind === 'misconfigured') ?? result.failures[0];
  if (worst === undefined) return { ...rest, starting };
  const shortest = worst.kind === 'misconfigured' ? LONGEST_PAUSE_MS : 0;
  const refused = result.failures.reduce((sum, { count }) => sum + count, 0);
  const cause = `${refused} tasks could not be launched (${worst.kind}): ${worst.detail}`;
  // What is coming may still serve those who wait.
  return {
    ...rest,
    starting,
    backoff: failed(rest.backoff, cause, now, shortest),
    may_grow: starting.length > 0,
  };
}
