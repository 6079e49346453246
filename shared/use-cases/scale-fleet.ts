import { scalingSettings } from '../config/fleet-settings.ts';
import { SCALING_INTERVAL_MS, SCALING_LOCK_MS } from '../domain/liveness.ts';
import { afterLaunch } from '../domain/scaling-starts.ts';
import {
  emptyMemory,
  type ScalingAction,
  type ScalingDecision,
  type ScalingMemory,
  type ScalingPolicy,
} from '../domain/scaling-types.ts';
import { fleetView } from '../domain/scaling-view.ts';
import { plan } from '../domain/scaling.ts';
import type { TaskKind, TaskRecord } from '../domain/task.ts';
import { FleetUnavailable, type FleetTask } from '../ports/fleet.ts';
import type { Deps } from './deps.ts';
import { inParallel } from './parallel.ts';
import { placePending } from './place-pending.ts';

export type ScaleResult =
  | { kind: 'scaled'; decisions: ScalingDecision[]; actions: number; faults: number }
  /** Another run is under way, or took over. */
  | { kind: 'locked' }
  /** The fleet could not be listed to its last page: nothing was changed. */
  | { kind: 'fleet_unavailable' }
  /** No kind is scaled by this deployment (MAX_TASKS). */
  | { kind: 'off' };

/** Runs in a row while more rooms have begun to wait meanwhile. */
const ROUNDS = 3;
/** No further one begins later than this, so that it ends within the time of the function. The next run does the rest. */
const NEXT_ROUND_MS = 20_000;
/** A launch whose answer was lost is repeated for so long; then the fleet's list has long told what became of it. */
const REPEAT_LAUNCH_MS = 10 * 60_000;

/** When the fleet could not be listed for so long, nobody knows when a task may come. */
const UNLISTED_MS = 2 * SCALING_INTERVAL_MS;

/** Another run keeps its memory over ours: ours is over. */
class Superseded extends Error {
  override name = 'Superseded';
}

function policyOf({ policy }: Deps, kind: TaskKind): ScalingPolicy {
  const { START_LIMIT: start_limit, STANDBY_LIMIT: standby_limit, TRIAL: trial } = policy;
  return { ...scalingSettings(policy, kind), start_limit, standby_limit, trial };
}

/** The memory of one kind, kept by versions: who was overtaken learns it at its next write. */
class Kept {
  memory: ScalingMemory = emptyMemory();
  #version = 0;
  readonly #deps: Deps;
  readonly #kind: TaskKind;

  constructor(deps: Deps, kind: TaskKind) {
    this.#deps = deps;
    this.#kind = kind;
  }

  async read(): Promise<void> {
    const kept = await this.#deps.store.getScaling(this.#kind);
    if (kept === undefined) return;
    const { launching, ...memory } = kept.memory;
    const answerable = launching !== undefined && this.#deps.clock.now() - launching.at < REPEAT_LAUNCH_MS;
    this.memory = answerable ? kept.memory : memory;
    this.#version = kept.version;
  }

  async write(memory: ScalingMemory): Promise<void> {
    if (!(await this.#deps.store.putScaling(this.#kind, memory, this.#version))) throw new Superseded();
    this.memory = memory;
    this.#version++;
  }
}

/**
 * Launches, so that neither a lost answer nor an end of this run in between launches twice: the token is kept first, and the
 * next run repeats what has no answer. False if it has none now.
 */
async function launch(deps: Deps, kind: TaskKind, kept: Kept): Promise<boolean> {
  const { fleet, clock, telemetry } = deps;
  const { launching } = kept.memory;
  if (launching === undefined) return true;
  try {
    const result = await fleet.launch(launching.count, kind, launching.token);
    telemetry.count('tasks_launched', result.launched.length);
    for (const { count, detail, ...failure } of result.failures) {
      telemetry.count('launches_failed', count);
      telemetry.warn('tasks could not be launched', { kind, count, failure: failure.kind, cause: detail });
    }
    await kept.write(afterLaunch(kept.memory, result, clock.now()));
    return true;
  } catch (error) {
    if (!(error instanceof FleetUnavailable)) throw error;
    telemetry.warn('it is not known whether tasks were launched', { kind, cause: error.message });
    const { unanswered_since = clock.now() } = kept.memory;
    await kept.write({ ...kept.memory, unanswered_since });
    return false;
  }
}

type TaskAction = Exclude<ScalingAction, { do: 'launch' }>;

/** What must hold of the task, and does from then on. True where nothing must. */
async function claim(
  { store, clock }: Deps,
  record: TaskRecord | undefined,
  action: TaskAction,
): Promise<boolean> {
  // Of one that never registered there is nothing to claim.
  if (action.task_id === undefined) return true;
  if (record === undefined) return false;
  const now = clock.now();
  if (action.do === 'activate') return store.setTaskState(record, 'STANDBY', 'READY', now);
  if (action.do === 'standby') return store.setTaskState(record, 'READY', 'STANDBY', now);
  if (action.do === 'drain') return store.setTaskState(record, action.from, 'DRAINING', now);
  return store.setTaskState(record, 'STANDBY', 'DRAINING', now, { rooms: 0 });
}

/** Whether a task that is to be ended, for nothing is heard from it, answers after all: then its heartbeats are what fails. */
async function answers({ tasks, telemetry }: Deps, record: TaskRecord): Promise<boolean> {
  const answer = await tasks.rooms(record);
  if (answer.kind === 'silent' || answer.kind === 'unreachable') return false;
  // Another process under this id is no proof of life of this one; what refuses or fails is alive, whatever it answers.
  if (answer.kind === 'rooms' && answer.snapshot.started_at !== record.started_at) return false;
  telemetry.warn('a task without a lease still serves', { task_id: record.task_id });
  return true;
}

/** Carries out one action on a task. False if its premise does not hold any more. */
async function carryOut(deps: Deps, record: TaskRecord | undefined, action: TaskAction): Promise<boolean> {
  if (action.do === 'stop' && action.unless_answers !== undefined) {
    if (record === undefined || (await answers(deps, record))) return false;
  }
  if (!(await claim(deps, record, action))) return false;
  // The task moves its rooms away, if it has any, and ends.
  if (action.do === 'drain' || action.do === 'stop') await deps.fleet.stop(action.task_arn, action.why);
  return true;
}

interface Sources {
  records: TaskRecord[];
  listed: FleetTask[];
}

interface Scaled {
  decision: ScalingDecision;
  actions: number;
  faults: number;
  /** Rooms that waited when this was planned. */
  pending: number;
}

async function scaleKind(deps: Deps, kind: TaskKind, { records, listed }: Sources): Promise<Scaled> {
  const { store, clock, policy, random, telemetry } = deps;
  const kept = new Kept(deps, kind);
  await kept.read();
  await launch(deps, kind, kept);

  // Who has waited for too long is given up, and needs no place any more.
  const pending = await store.countPending(kind, clock.now() - policy.PENDING_LIMIT);
  const backup = policy.BACKUP_TASK;
  const scaling = policyOf(deps, kind);
  const view = fleetView(
    { kind, records, listed, backup, pending, memory: kept.memory },
    scaling,
    clock.now(),
  );
  const { actions, memory, decision } = plan(view, scaling, clock.now());
  if (decision.actions.length > 0 || decision.limited !== undefined) {
    const { reason, limited } = decision;
    telemetry.info('fleet scaled', { kind, reason, actions: decision.actions.join('; '), limited });
  }

  const byId = new Map(records.map((record) => [record.task_id, record]));
  const activated: TaskRecord[] = [];
  let done = 0;
  let faults = 0;
  const onTasks = actions.filter((action) => action.do !== 'launch');
  await inParallel(onTasks, async (action) => {
    const id = action.task_id ?? (action.do === 'stop' ? action.unless_answers : undefined);
    try {
      const record = id === undefined ? undefined : byId.get(id);
      if (!(await carryOut(deps, record, action))) return;
      done++;
      if (action.do === 'activate' && record !== undefined) activated.push({ ...record, state: 'READY' });
    } catch (error) {
      faults++;
      telemetry.warn('the fleet could not be changed', {
        action: action.do,
        task_id: id,
        cause: String(error),
      });
    }
  });

  const launches = actions.find((action) => action.do === 'launch');
  // One that is still without an answer goes first.
  const next = launches && { token: random.uuid(), count: launches.count, at: clock.now() };
  const open = memory.launching ?? next;
  await kept.write({ ...memory, unlisted_since: undefined, launching: open });
  // Those who wait get what there is while more is launched.
  const placing = pending > 0 ? placePending(deps, kind, activated) : undefined;
  try {
    if (open !== undefined && open === next) {
      if (await launch(deps, kind, kept)) done++;
      else faults++;
    }
  } finally {
    await placing;
  }
  return { decision, actions: done, faults, pending };
}

/** The fleet could not be listed: after a while no room is told to wait for a task that nobody can launch. */
async function noteUnlisted({ store, clock }: Deps, kinds: readonly TaskKind[]): Promise<void> {
  const now = clock.now();
  for (const kind of kinds) {
    const { memory, version } = (await store.getScaling(kind)) ?? { memory: emptyMemory(), version: 0 };
    const { unlisted_since = now } = memory;
    const may_grow = memory.may_grow && now - unlisted_since < UNLISTED_MS;
    // Whoever has written it meanwhile has listed the fleet.
    await store.putScaling(kind, { ...memory, unlisted_since, may_grow }, version);
  }
}

async function scaleOnce(
  deps: Deps,
  kinds: readonly TaskKind[],
  locked_until: number,
): Promise<ScaleResult & { pending?: number }> {
  const { store, fleet, clock, random, telemetry } = deps;
  const owner = random.uuid();
  if (!(await store.lockSweep('scale-fleet', owner, clock.now(), locked_until))) return { kind: 'locked' };
  try {
    // The fleet's list is the older of the two: a task that registers meanwhile is not taken for one that never did.
    const listed = await fleet.list();
    const records = await store.listTasks();
    const scaled: Scaled[] = [];
    for (const kind of kinds) scaled.push(await scaleKind(deps, kind, { records, listed }));
    const total = (of: (one: Scaled) => number) => scaled.reduce((sum, one) => sum + of(one), 0);
    return {
      kind: 'scaled',
      decisions: scaled.map(({ decision }) => decision),
      actions: total(({ actions }) => actions),
      faults: total(({ faults }) => faults),
      pending: total(({ pending }) => pending),
    };
  } catch (error) {
    if (error instanceof Superseded) return { kind: 'locked' };
    if (!(error instanceof FleetUnavailable)) throw error;
    telemetry.warn('the fleet is not scaled: it could not be listed', { cause: error.message });
    await noteUnlisted(deps, kinds);
    return { kind: 'fleet_unavailable' };
  } finally {
    await store.unlockSweep('scale-fleet', owner);
  }
}

/**
 * Brings the fleet to the size that the margins ask for (shared/domain/scaling.ts), one run at a time by a lock row. All that
 * it goes by is in the tables and in the fleet: it may end at any point, and the next run goes on. Each action is a condition on
 * what it was planned from. Rooms that begin to wait while it runs are looked at too: who woke it for them found it locked.
 */
export async function scaleFleet(deps: Deps): Promise<ScaleResult> {
  const { store, policy, clock } = deps;
  const begun = clock.now();
  const kinds = policy.KINDS.filter((kind) => policyOf(deps, kind).max_tasks > 0);
  if (kinds.length === 0) return { kind: 'off' };
  for (let round = 1; ; round++) {
    // A run that is ended with its Lambda must not leave a lock that outlives it.
    const { pending, ...result } = await scaleOnce(deps, kinds, begun + SCALING_LOCK_MS);
    const late = clock.now() - begun > NEXT_ROUND_MS;
    if (result.kind !== 'scaled' || round === ROUNDS || late) return result;
    const since = clock.now() - policy.PENDING_LIMIT;
    const waiting = await Promise.all(kinds.map((kind) => store.countPending(kind, since)));
    if (waiting.reduce((sum, count) => sum + count, 0) <= (pending ?? 0)) return result;
  }
}
