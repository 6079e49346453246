/** The reason of a decision, as one can read it aloud: pure. */
import type { Margin } from '../config/read.ts';
import type { FleetView, ScalingAction, ScalingDecision, ScalingPolicy } from './scaling-types.ts';

/** What a decision was made from. Places, unless they are tasks. */
export interface ScalingNumbers {
  rooms: number;
  /** Rooms that need a place. */
  waiting: number;
  /** Free places. */
  free: number;
  coming: number;
  /** Rooms by which demand may grow until a task that is launched now is up. */
  growth: number;
  /** Free places below which tasks are added, and above which they are taken out. */
  wanted: number;
  allowed: number;
}

/** Of a long list of actions so many are told one by one. */
const TOLD = 8;

const some = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

function marginInWords({ places, percent }: Margin, rooms: number): string {
  if (percent === 0) return `${places}`;
  const part = `${percent} % of ${some(rooms, 'room')}`;
  return places === 0 ? part : `${places} and ${part}`;
}

const LIMITS: Record<NonNullable<ScalingDecision['limited']>, (policy: ScalingPolicy) => string> = {
  max_tasks: ({ max_tasks }) => `no more is done since there may be at most ${some(max_tasks, 'task')}`,
  min_tasks: ({ min_tasks }) =>
    `no more is taken out since there must be at least ${some(min_tasks, 'task')}`,
  backoff: () => 'nothing is launched for now',
  outage: () => 'nothing is taken out',
  launch_batch: () => 'the others are launched next time',
  trial: () => 'no other task is replaced before one of the new version has lived for a while',
};

/** Why, in a sentence. */
export function reasonOf(
  numbers: ScalingNumbers,
  policy: ScalingPolicy,
  view: FleetView,
  limited: ScalingDecision['limited'],
): string {
  const { free, waiting, coming, growth, wanted, allowed, rooms } = numbers;
  const have = [`${some(free, 'place')} ${free === 1 ? 'is' : 'are'} free`];
  if (coming > 0) have.push(`${coming} are coming`);
  if (waiting > 0) have.push(`${some(waiting, 'room')} ${waiting === 1 ? 'needs' : 'need'} one`);
  const want =
    free - waiting > allowed
      ? `at most ${allowed} should be (${marginInWords(policy.downscale, rooms)}`
      : `at least ${wanted} should be (${marginInWords(policy.upscale, rooms)}`;
  const grows = growth > 0 ? `, and ${growth} for growth while a task starts)` : ')';
  const outdated = view.tasks.filter((task) => task.outdated).length;
  const more: string[] = [];
  if (outdated > 0)
    more.push(`${some(outdated, 'task')} of an older version ${outdated === 1 ? 'is' : 'are'} replaced`);
  const { fallen = 0 } = view.memory.trial ?? {};
  if (limited === 'trial' && fallen > 0)
    more.push(
      `${some(fallen, 'task')} of the new version ended soon after ${fallen === 1 ? 'it' : 'they'} came up`,
    );
  if (limited === 'outage' && view.outage !== undefined) more.push(view.outage);
  if (limited === 'backoff' && view.memory.backoff !== undefined) more.push(view.memory.backoff.cause);
  if (limited !== undefined) more.push(LIMITS[limited](policy));
  return [`${have.join(', ')}; ${want}${grows}`, ...more].join('; ');
}

function inWords(action: ScalingAction): string {
  if (action.do === 'launch') return `launch ${some(action.count, 'task')}`;
  if (action.do === 'activate') return `${action.task_id} takes rooms again`;
  if (action.do === 'standby') return `${action.task_id} takes no more rooms`;
  if (action.do === 'drain') return `${action.task_id} moves its rooms away and ends: ${action.why}`;
  const { task_id = action.unless_answers ?? action.task_arn } = action;
  return `${task_id} ends: ${action.why}`;
}

/** The actions, each in a few words. */
export function actionsInWords(actions: readonly ScalingAction[]): string[] {
  const told = actions.slice(0, TOLD).map(inWords);
  return actions.length > TOLD ? [...told, `and ${actions.length - TOLD} more`] : told;
}
