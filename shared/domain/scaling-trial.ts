/**
 * How the tasks of a new version fare, while there are some of an older one: pure. One is launched first; when it has lived for the
 * time of the trial the others are replaced. Where tasks of the new version end, or fall silent, soon after they came up, the older
 * one stays, and the new one is tried again now and then.
 */
import { pauseAfter } from './scaling-starts.ts';
import type { FleetView, ScalingPolicy, ScalingTask, Trial } from './scaling-types.ts';

/** So many that ended young, and none that lived in between: it is the version, not a machine. */
const FALLEN = 2;
/** So many of the new version are looked after: what is kept of a fleet must fit one item of the database. */
const WATCHED = 100;

export type TrialState =
  /** The others may be replaced. */
  | 'passed'
  /** Nobody knows yet: one may be launched. */
  | 'open'
  /** It failed a moment ago. */
  | 'failed';

const BEGUN: Trial = { passed: false, fallen: 0, fallen_at: 0, seen: [] };

const takesRooms = ({ state, outdated, stopping }: ScalingTask): boolean =>
  state === 'READY' && !outdated && stopping !== true;

/** What there is to remember after this look; undefined where there is no other version. */
export function judgeTrial(
  { tasks, over = [], outage, memory }: FleetView,
  policy: Pick<ScalingPolicy, 'trial'>,
  now: number,
): Trial | undefined {
  if (policy.trial === 0 || !tasks.some(({ outdated }) => outdated)) return undefined;
  const present = new Map(tasks.map((task) => [task.task_arn, task]));
  const last = memory.trial ?? BEGUN;
  // What was of the new version is of an older one now: another has come.
  const another = last.seen.some(({ task_arn }) => present.get(task_arn)?.outdated === true);
  const before = another ? BEGUN : last;
  let { passed, fallen, fallen_at } = before;
  const fell = (): void => {
    fallen++;
    fallen_at = now;
  };
  // It came up and was gone before anybody looked.
  for (const { task_arn } of memory.starting) if (over.includes(task_arn)) fell();
  const seen: Trial['seen'] = [];
  for (const one of before.seen) {
    const task = present.get(one.task_arn);
    // What is told to end, or takes no more rooms, is no sign of anything; nor is silence while it may be our ears.
    if (task === undefined || (task.state === 'SILENT' && outage === undefined)) {
      if (!one.lived) fell();
    } else if (takesRooms(task)) seen.push({ ...one, lived: now - one.since >= policy.trial });
  }
  const known = new Set(before.seen.map(({ task_arn }) => task_arn));
  for (const task of tasks) {
    const { task_arn, since } = task;
    if (task_arn === undefined || !takesRooms(task) || known.has(task_arn)) continue;
    seen.push({ task_arn, since, lived: now - since >= policy.trial });
  }
  if (fallen >= FALLEN) passed = false;
  // It has lived on after the last one fell.
  if (seen.some(({ lived, since }) => lived && since + policy.trial >= fallen_at)) {
    passed = true;
    fallen = 0;
  }
  return { passed, fallen, fallen_at, seen: seen.slice(-WATCHED) };
}

export function trialState(trial: Trial | undefined, now: number): TrialState {
  if (trial === undefined || trial.passed) return 'passed';
  return trial.fallen > 0 && now < trial.fallen_at + pauseAfter(trial.fallen) ? 'failed' : 'open';
}
