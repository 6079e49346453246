/** What a plan looks at, put together from the tables and from the fleet: pure. */
import type { FleetTask } from '../ports/fleet.ts';
import type { FleetView, ScalingMemory, ScalingPolicy, ScalingState, ScalingTask } from './scaling-types.ts';
import { outage } from './sweep.ts';
import { leaseValid, type TaskKind, type TaskRecord } from './task.ts';

/** A task that was launched is in the fleet's list within this time: it is consistent in the end, not at once (Amazon ECS, RunTask). */
const LISTED_WITHIN_MS = 60_000;

export interface FleetSources {
  kind: TaskKind;
  /** Every task record, of any kind. */
  records: readonly TaskRecord[];
  /** The whole list of the fleet. */
  listed: readonly FleetTask[];
  /** Id of a task that is never scaled. */
  backup: string | undefined;
  /** Rooms that wait for a place. */
  pending: number;
  memory: ScalingMemory;
}

/** The state of a task as scaling sees it; undefined if it is over. */
function stateOf(
  record: TaskRecord,
  listed: FleetTask | undefined,
  held: boolean,
  now: number,
): ScalingState | undefined {
  if (record.state === 'STOPPED' || listed?.state === 'stopped') return undefined;
  if (listed?.state === 'stopping') return 'DRAINING';
  if (leaseValid(record, now)) return record.state;
  // Nobody knows anything good of it, unless nobody can know anything.
  if (listed === undefined && !held) return undefined;
  return record.state === 'DRAINING' ? 'DRAINING' : 'SILENT';
}

/** Puts the view of one kind together. Rooms of tasks that are over, and are not cleared yet, wait for a place too. */
export function fleetView(sources: FleetSources, policy: ScalingPolicy, now: number): FleetView {
  const { kind, records, listed, backup, memory } = sources;
  const byArn = new Map(listed.map((task) => [task.task_arn, task]));
  const find = ({ task_arn }: TaskRecord) => (task_arn === undefined ? undefined : byArn.get(task_arn));
  const held = outage(
    records,
    now,
    (record) => record.state === 'STOPPED' || find(record)?.state === 'stopped',
  );
  // One that registered as another kind has not come up as what it was launched for: it is stopped in the end, not launched anew.
  const known = new Set(
    records.filter((one) => one.kind === kind || one.task_id === backup).map(({ task_arn }) => task_arn),
  );
  const launched = new Set(memory.starting.map(({ task_arn }) => task_arn));
  const tasks: ScalingTask[] = [];
  const over: string[] = [];
  let { pending } = sources;

  for (const record of records) {
    if (record.kind !== kind || record.task_id === backup) continue;
    const of = find(record);
    const state = stateOf(record, of, held !== undefined, now);
    if (state === undefined) {
      pending += record.rooms;
      if (record.task_arn !== undefined) over.push(record.task_arn);
      continue;
    }
    tasks.push({
      task_id: record.task_id,
      // The fleet's list may be older than the record. What is none of ours is not touched, though its places count.
      task_arn: of?.kind === kind || launched.has(record.task_arn ?? '') ? record.task_arn : undefined,
      state,
      rooms: record.rooms,
      clients: record.clients,
      room_capacity: record.room_capacity,
      since: state === 'SILENT' ? record.lease_until : record.state_since,
      outdated: of?.outdated === true,
      stopping: of?.state === 'stopping',
    });
  }

  const start = (task_arn: string, since: number, of?: FleetTask) =>
    tasks.push({
      task_arn,
      state: 'STARTING',
      rooms: 0,
      clients: 0,
      room_capacity: policy.room_capacity,
      since,
      outdated: of?.outdated === true,
      stopping: of?.state === 'stopping',
    });
  for (const task of listed) {
    if (task.kind !== kind || task.state === 'stopped' || known.has(task.task_arn)) continue;
    start(task.task_arn, task.created_at ?? now, task);
  }
  for (const { task_arn, launched_at } of memory.starting) {
    const seen = byArn.has(task_arn) || known.has(task_arn);
    if (!seen && now - launched_at < LISTED_WITHIN_MS) start(task_arn, launched_at);
  }
  return { kind, tasks, pending, outage: held, over, memory };
}
