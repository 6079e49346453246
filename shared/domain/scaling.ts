/**
 * How large the fleet should be, one kind of task at a time: pure. In words:
 *
 * - Free are the places of READY tasks, less the rooms that have none: those that wait, those that a draining task moves away,
 *   those on a task that has fallen silent.
 * - Wanted are the upscale margin and as many places as demand grew by, at the most, while a task started, in the last ten
 *   minutes (none where the margin is nothing). With fewer free, tasks on STANDBY take rooms again, the fullest first; what is
 *   missing then, beyond what is starting, is launched.
 * - With more free than the downscale margin (and that growth) for three minutes, tasks go on STANDBY, the emptiest first, as long
 *   as the middle of both margins stays free once their rooms, too, are elsewhere: so a task that went is not needed back at once.
 * - A task on STANDBY without rooms is stopped; one that has stood by for too long moves its rooms to the others, as soon as that
 *   leaves the middle of both margins free. A task of an older version does so at once, if that leaves what is wanted, a tenth of
 *   the fleet at a time.
 * - Of a new version one task is launched first, and the others follow when it has lived for a while (scaling-trial.ts).
 * - There are never fewer than `min_tasks` that take rooms or start, and never more than `max_tasks` that run.
 */
import {
  byState,
  count,
  Draft,
  isOwn,
  middleOf,
  placesOf,
  roomsOf,
  sum,
  type OwnTask,
  type Situation,
} from './scaling-draft.ts';
import { backingOff, bootTime, judgeStarts } from './scaling-starts.ts';
import { growthWithin, noteDemand } from './scaling-trend.ts';
import { judgeTrial, trialState } from './scaling-trial.ts';
import type {
  FleetView,
  ScalingDecision,
  ScalingMemory,
  ScalingPlan,
  ScalingPolicy,
  ScalingTask,
} from './scaling-types.ts';
import { DRAIN_LIMIT_MS, SCALING_INTERVAL_MS } from './liveness.ts';
import { actionsInWords, reasonOf } from './scaling-words.ts';

/** There must be too much for so long before a task is taken out. */
const SURPLUS_MS = 3 * 60_000;
/** Tasks that one plan launches at most: so many calls that a run of the function has the time for. */
const LAUNCHES_AT_ONCE = 500;
/** Tasks of an older version that are replaced at once, as a part of those that take rooms. */
const REPLACED_AT_ONCE = 1 / 10;
/** A task that drains and has nothing left ends by itself within this time, unless nobody told it to. */
const DRAINED_MS = 30_000;
/** A task of which nothing was heard for so long serves nobody, unless it answers when it is asked. */
const HUNG_MS = 10 * 60_000;
/** … or for so long, however many they are, as long as others are heard: then it is not our ears. */
const ALL_HUNG_MS = 3 * HUNG_MS;
/** Launches that got no answer for so long: nobody knows when a task may come. */
const UNANSWERED_MS = 2 * SCALING_INTERVAL_MS;
const DECISIONS_KEPT = 20;

/** The tasks of an older version whose turn it is to go: those on STANDBY first, then the emptiest. */
function goingNext({ tasks }: Situation, active: number): OwnTask[] {
  const old = [...tasks.STANDBY, ...tasks.READY].filter((task) => task.outdated).filter(isOwn);
  if (old.length === 0) return [];
  const underWay = tasks.DRAINING.filter((task) => task.outdated).length;
  const atOnce = Math.max(1, Math.ceil(active * REPLACED_AT_ONCE)) - underWay;
  const emptiest = old.sort(
    (a, b) => Number(b.state === 'STANDBY') - Number(a.state === 'STANDBY') || a.rooms - b.rooms,
  );
  return emptiest.slice(0, Math.max(0, atOnce));
}

/** Places of tasks that are not of an older version, less the rooms that need one. */
const newPlaces = ({ tasks, numbers }: Situation): number =>
  sum(
    tasks.READY.filter((task) => !task.outdated),
    placesOf,
  ) - numbers.waiting;

/** Takes tasks back from STANDBY and launches what is missing then; `least`: so many in any case. */
function grow(situation: Situation, draft: Draft, going: readonly OwnTask[], least = 0): void {
  const { tasks, policy, numbers, view, paused } = situation;
  const { wanted, coming } = numbers;
  const tooFew = () => policy.min_tasks - draft.active;
  if (draft.free < wanted || tooFew() > 0) {
    const fullest = [...tasks.STANDBY].sort(
      (a, b) => Number(a.outdated) - Number(b.outdated) || b.rooms - a.rooms,
    );
    for (const task of fullest) {
      if (draft.active >= policy.max_tasks || (draft.free >= wanted && tooFew() <= 0)) break;
      if (task.task_id === undefined || (placesOf(task) === 0 && tooFew() <= 0)) continue;
      draft.activate(task, task.task_id);
    }
  }
  // What goes next takes its free places with it, and its rooms need others, of the new version.
  const goes = going.filter((task) => !draft.activated.has(task));
  const leaves = sum(goes, (task) => task.rooms + (task.state === 'READY' ? placesOf(task) : 0));
  const missing = Math.max(
    wanted - draft.free - coming,
    ...(goes.length > 0
      ? [wanted + leaves - draft.free - coming, sum(goes, roomsOf) - newPlaces(situation) - coming]
      : []),
  );
  // As many as there must be are there also while the next ones go.
  const going_ready = goes.filter((task) => task.state === 'READY').length;
  const launches = Math.max(Math.ceil(missing / policy.room_capacity), tooFew() + going_ready, least);
  if (launches <= 0) return;
  const allowed = Math.max(0, policy.max_tasks - view.tasks.length);
  const count = paused ? 0 : Math.min(launches, allowed, LAUNCHES_AT_ONCE);
  if (count > 0) {
    draft.actions.push({ do: 'launch', count });
    draft.active += count;
  }
  if (count < launches) draft.limited = paused ? 'backoff' : count === allowed ? 'max_tasks' : 'launch_batch';
}

/** Whether there is no task of the new version yet. */
const lacksNew = ({ tasks }: Situation): boolean =>
  [...tasks.READY, ...tasks.STARTING].every(({ outdated }) => outdated);

/** Has tasks of an older version move their rooms away, as far as others have the places. */
function replace(situation: Situation, draft: Draft, going: readonly OwnTask[]): void {
  const { policy, numbers, view, tasks, paused } = situation;
  // While nothing can be launched, the new version may be what is wrong.
  if (paused) return;
  const full = view.tasks.length >= policy.max_tasks;
  let left = newPlaces(situation);
  // What starts is no replacement yet.
  let present = tasks.READY.length;
  for (const task of going) {
    const ready = task.state === 'READY';
    if (draft.activated.has(task) || (ready && present <= policy.min_tasks)) continue;
    const after = draft.free - task.rooms - (ready ? placesOf(task) : 0);
    if (after < numbers.wanted || (!full && left < task.rooms)) continue;
    left -= task.rooms;
    if (ready) present--;
    draft.drain(task, ready ? 'READY' : 'STANDBY', 'it is of an older version');
  }
}

/** Puts the emptiest tasks on STANDBY: since when there is too much, for the memory. */
function shrink(situation: Situation, draft: Draft): number | undefined {
  const { tasks, policy, numbers, view, now } = situation;
  const drained = new Set(
    draft.actions.map((action) => (action.do === 'drain' ? action.task_id : undefined)),
  );
  const tooMany = draft.active - policy.max_tasks;
  // A task that stands by takes little away at first, but its rooms will need the places of others.
  const standingBy = tasks.STANDBY.filter((task) => !draft.activated.has(task) && !drained.has(task.task_id));
  let left = draft.free - sum(standingBy, roomsOf);
  const surplus = left > numbers.allowed;
  const since = surplus ? (view.memory.surplus_since ?? now) : undefined;
  const ripe = since !== undefined && now - since >= SURPLUS_MS;
  if (tooMany <= 0 && !ripe) return since;

  const emptiest = tasks.READY.filter(isOwn)
    .filter((task) => !drained.has(task.task_id))
    .sort((a, b) => Number(b.outdated) - Number(a.outdated) || a.rooms - b.rooms);
  for (const task of emptiest) {
    const forced = draft.active > policy.max_tasks;
    if (!forced && (!ripe || left - placesOf(task) - task.rooms < middleOf(numbers))) break;
    if (draft.active <= policy.min_tasks) {
      draft.limited = 'min_tasks';
      break;
    }
    draft.standby(task);
    left -= placesOf(task) + task.rooms;
  }
  if (tooMany > 0) draft.limited = 'max_tasks';
  return left > numbers.allowed ? since : undefined;
}

/** Stops tasks on STANDBY that are empty, and has those that stand by for too long move their rooms to the others. */
function endStandby({ tasks, policy, numbers, now }: Situation, draft: Draft): void {
  const { actions } = draft;
  const planned = new Set(actions.map((action) => (action.do === 'drain' ? action.task_id : undefined)));
  for (const task of tasks.STANDBY) {
    if (!isOwn(task) || draft.activated.has(task) || planned.has(task.task_id)) continue;
    const { task_id, task_arn } = task;
    if (task.rooms === 0 && task.clients === 0) {
      actions.push({ do: 'stop', task_id, task_arn, why: 'it stands by and has no room' });
    } else if (now - task.since >= policy.standby_limit && draft.free - task.rooms >= middleOf(numbers)) {
      draft.drain(task, 'STANDBY', 'it has stood by for too long');
    }
  }
}

/** Stops what does not come up, does not end, or does not answer any more. */
function endStuck({ tasks, policy, view, now }: Situation, late: readonly ScalingTask[], draft: Draft): void {
  const stop = ({ task_arn, stopping }: ScalingTask, why: string, unless_answers?: string) => {
    if (task_arn === undefined || stopping === true) return;
    draft.actions.push({
      do: 'stop',
      ...(unless_answers !== undefined && { unless_answers }),
      task_arn,
      why,
    });
  };
  for (const task of late) stop(task, 'it has not registered in time');
  for (const task of tasks.DRAINING) {
    const age = now - task.since;
    const empty = task.rooms === 0 && task.clients === 0;
    if (age >= DRAIN_LIMIT_MS || (empty && age >= DRAINED_MS)) stop(task, 'it should have ended by now');
  }
  // Many, and it may be our ears: then nobody's rooms are touched, unless others were heard all the while.
  const few = tasks.SILENT.length === 1 || tasks.SILENT.length * 3 <= view.tasks.length;
  const patience = few ? HUNG_MS : ALL_HUNG_MS;
  const asks = few || tasks.READY.length > 0;
  for (const task of tasks.SILENT) {
    const { task_id, rooms, since } = task;
    if (rooms === 0 && now - since >= policy.start_limit) stop(task, 'nothing is heard from it');
    else if (rooms > 0 && asks && now - since >= patience) stop(task, 'it does not answer any more', task_id);
  }
}

function keep(decision: ScalingDecision, decisions: readonly ScalingDecision[]): ScalingDecision[] {
  const [last] = decisions;
  const same = last !== undefined && last.actions.length === 0 && last.limited === decision.limited;
  const told = decision.actions.length > 0 || (decision.limited !== undefined && !same);
  return told ? [decision, ...decisions].slice(0, DECISIONS_KEPT) : [...decisions];
}

/** Plans the fleet of one kind (see above). It may be asked as often as one likes; each minute at least. */
export function plan(view: FleetView, policy: ScalingPolicy, now: number): ScalingPlan {
  const { kind, outage } = view;
  const groups = byState(view.tasks);
  const late =
    outage === undefined ? groups.STARTING.filter((task) => now - task.since >= policy.start_limit) : [];
  const tasks = { ...groups, STARTING: groups.STARTING.filter((task) => !late.includes(task)) };
  const tooLate = new Set(late.map((task) => task.task_arn ?? ''));
  const starts = judgeStarts(view.memory, view.tasks, tooLate, now, view.over);
  const horizon = bootTime(starts) + SCALING_INTERVAL_MS;
  const numbers = count(view, tasks, policy, (rooms) =>
    growthWithin(view.memory.demand, rooms, now, horizon),
  );
  const trial = judgeTrial(view, policy, now);
  const paused = backingOff(starts, now);
  const situation: Situation = { view, policy, now, tasks, numbers, paused };

  const heard = outage === undefined ? 0 : tasks.SILENT.length;
  const draft = new Draft(numbers.free - numbers.waiting, tasks.READY.length + tasks.STARTING.length + heard);
  let surplus_since: number | undefined;
  if (outage === undefined) {
    const going = goingNext(situation, draft.active);
    const state = trialState(trial, now);
    // On trial there is one of the new version, and none of the older one goes.
    const next = state === 'passed' ? going : going.slice(0, state === 'open' ? 1 : 0);
    const begins = state === 'open' && next.length > 0 && lacksNew(situation);
    grow(situation, draft, next, begins ? 1 : 0);
    const grew = draft.actions.length > 0;
    // Where no more may run, one of the older ones makes room for it.
    const full = view.tasks.length >= policy.max_tasks;
    if (state === 'passed' || (begins && full)) replace(situation, draft, next);
    if (state !== 'passed') draft.limited ??= 'trial';
    if (!grew) surplus_since = shrink(situation, draft);
    endStandby(situation, draft);
    endStuck(situation, late, draft);
  } else {
    grow(situation, draft, []);
    draft.limited ??= 'outage';
  }

  const { actions, limited } = draft;
  const decision: ScalingDecision = {
    at: now,
    kind,
    reason: reasonOf(numbers, policy, { ...view, memory: { ...view.memory, ...starts, trial } }, limited),
    actions: actionsInWords(actions),
    ...(limited !== undefined && { limited }),
    rooms: numbers.rooms,
    waiting: numbers.waiting,
    free: numbers.free,
    coming: numbers.coming,
    wanted: numbers.wanted,
    allowed: numbers.allowed,
    tasks: Object.fromEntries(Object.entries(groups).map(([state, { length }]) => [state, length])),
  };
  const launched = sum(actions, (action) => (action.do === 'launch' ? action.count : 0));
  // Without a launch there is nothing to be answered.
  const unanswered_since =
    launched > 0 || view.memory.launching !== undefined ? view.memory.unanswered_since : undefined;
  const answered = now - (unanswered_since ?? now) < UNANSWERED_MS;
  const mayLaunch = answered && !paused && view.tasks.length + launched < policy.max_tasks;
  // Where no more than these may come, who finds them taken need not wait for them.
  const launching = answered ? launched * policy.room_capacity : 0;
  const ahead = numbers.coming + launching + sum(tasks.STANDBY, placesOf);
  const memory: ScalingMemory = {
    ...view.memory,
    ...starts,
    unanswered_since,
    trial,
    surplus_since,
    demand: noteDemand(view.memory.demand, numbers.rooms, now, horizon),
    may_grow: mayLaunch || ahead > Math.max(0, numbers.waiting - numbers.free),
    decisions: keep(decision, view.memory.decisions),
  };
  return { actions, memory, decision };
}
