/**
 * How the tasks of a new version fare, while there are some of an older one: pure. One is launched first; when it has lived for the
 * time of the trial the others are replaced. Where tasks of the new version end soon after they came up, the older one stays, and
 * the new one is tried again now and then.
 */
import { pauseAfter } from './scaling-starts.ts';
import type { ScalingMemory, ScalingPolicy, ScalingTask, Trial } from './scaling-types.ts';

/** So many that ended young, and none that lived in between: it is the version, not a machine. */
const FALLEN = 2;
/** So many that are new are looked after: what is kept of a fleet must fit one item of the database. */
const WATCHED = 100;

export type TrialState =
  /** The others may be replaced. */
  | 'passed'
  /** Nobody knows yet: one may be launched. */
  | 'open'
  /** It failed a moment ago. */
  | 'failed';

/** What there is to remember after this look; undefined where there is no other version. `over`: as in {@link FleetView}. */
export function judgeTrial(
  { trial: before, starting }: Pick<ScalingMemory, 'trial' | 'starting'>,
  { tasks, over = [] }: { tasks: readonly ScalingTask[]; over?: readonly string[] | undefined },
  policy: Pick<ScalingPolicy, 'trial'>,
  now: number,
): Trial | undefined {
  if (policy.trial === 0 || !tasks.some(({ outdated }) => outdated)) return undefined;
  let { passed, fallen, fallen_at } = before ?? { passed: false, fallen: 0, fallen_at: 0 };
  const fell = (): void => {
    fallen++;
    fallen_at = now;
  };
  const present = new Map(tasks.map((task) => [task.task_arn, task]));
  const young: Trial['young'] = [];
  const watched = new Set<string>();
  // It came up and was gone before anybody looked.
  for (const { task_arn } of starting) if (over.includes(task_arn)) fell();
  for (const one of before?.young ?? []) {
    const task = present.get(one.task_arn);
    watched.add(one.task_arn);
    if (task === undefined) fell();
    else if (task.state === 'READY' && !task.outdated && task.stopping !== true) young.push(one);
  }
  for (const { task_arn, state, outdated, since, stopping } of tasks) {
    const takes_rooms = state === 'READY' && !outdated && stopping !== true;
    if (task_arn !== undefined && takes_rooms && !watched.has(task_arn)) young.push({ task_arn, since });
  }
  const grown = young.filter(({ since }) => now - since >= policy.trial);
  if (fallen >= FALLEN) passed = false;
  if (grown.some(({ since }) => since + policy.trial >= fallen_at)) {
    passed = true;
    fallen = 0;
  }
  const left = young.filter((one) => !grown.includes(one)).slice(-WATCHED);
  return { passed, fallen, fallen_at, young: left };
}

export function trialState(trial: Trial | undefined, now: number): TrialState {
  if (trial === undefined || trial.passed) return 'passed';
  return trial.fallen > 0 && now < trial.fallen_at + pauseAfter(trial.fallen) ? 'failed' : 'open';
}
