/** Parts of transactions that keep the counts: rooms of a task, rooms of all (the quota). */
import type { RoomRecord } from '../../domain/room.ts';
import type { TaskRecord } from '../../domain/task.ts';
import { StoreBusy } from '../../ports/room-store.ts';
import type { Calls, Parts, TransactionOutcome } from './calls.ts';
import type { Places } from './keys.ts';
import { check, remove, update, type Part, type Place } from './parts.ts';

/** A task as it was read, which a room is to be placed on. */
export type Target = Pick<TaskRecord, 'task_id' | 'url'>;

/** Takes a place on `task`: `hasPlace` at `now`, as a condition. */
export function claimPlace(at: Places, task: Target, now: number): Part {
  return update(
    at.task(task.task_id),
    'SET #rooms = #rooms + :one',
    '#state = :ready AND #url = :url AND #lease_until > :now AND #rooms < #room_capacity',
    { one: 1, ready: 'READY', url: task.url, now },
  );
}

/** Like {@link claimPlace} for a room that is on this task already and counted. */
export function keepPlace(at: Places, task: Target, now: number): Part {
  return check(at.task(task.task_id), '#state = :ready AND #url = :url AND #lease_until > :now', {
    ready: 'READY',
    url: task.url,
    now,
  });
}

/** Counts a room in a shard of the quota that may hold `limit`. */
export function countInQuota(at: Places, shard: number, limit: number): Part {
  return update(at.quota(shard), 'ADD #held :one', 'attribute_not_exists(#held) OR #held < :limit', {
    one: 1,
    limit,
  });
}

function countDown(place: Place, attribute: 'rooms' | 'held', counted: boolean): Part {
  return counted
    ? update(place, `SET #${attribute} = #${attribute} - :one`, `#${attribute} > :zero`, { one: 1, zero: 0 })
    : check(place, `attribute_not_exists(#${attribute}) OR #${attribute} <= :zero`, { zero: 0 });
}

/** Each time round, what the conditions said is known; more rounds than these mean that it changes all the time. */
const ROUNDS = 6;

/**
 * Runs `parts` in one transaction that also counts down the rooms of `task_id` and a shard of the quota, those that are given.
 * Where there is nothing to count down any more (the task's record is gone) the rest is done all the same.
 */
export async function transactFreeing<K extends string>(
  calls: Calls,
  at: Places,
  freed: { task_id?: string; quota_shard?: number },
  parts: Parts<K>,
): Promise<TransactionOutcome<K>> {
  let taskCounts = true;
  let quotaCounts = true;
  for (let round = 0; round < ROUNDS; round++) {
    const { task_id, quota_shard } = freed;
    const outcome: TransactionOutcome<string> = await calls.transact({
      ...parts,
      ...(task_id !== undefined && { freedTask: countDown(at.task(task_id), 'rooms', taskCounts) }),
      ...(quota_shard !== undefined && {
        freedQuota: countDown(at.quota(quota_shard), 'held', quotaCounts),
      }),
    });
    if (outcome.kind === 'done') return outcome;
    const { freedTask, freedQuota, ...failed } = outcome.failed;
    if (Object.keys(failed).length > 0) return { kind: 'failed', failed } as TransactionOutcome<K>;
    if (freedTask !== undefined) taskCounts = !taskCounts;
    if (freedQuota !== undefined) quotaCounts = !quotaCounts;
  }
  throw new StoreBusy('the counts change too fast');
}

/** What counts `room`: its shard of the quota, and its task unless it waits for one. */
export const countsOf = ({ task_id, quota_shard }: RoomRecord) =>
  task_id === '' ? { quota_shard } : { task_id, quota_shard };

/** The removal of the row `[task_id, room_id]`; undefined for a room that waits for a task. */
export const removeRow = (at: Places, { task_id, room_id }: RoomRecord): Part | undefined =>
  task_id === '' ? undefined : remove(at.taskRoom(task_id, room_id));
