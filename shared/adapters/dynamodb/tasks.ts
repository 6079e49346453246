import { hasPlace, nextState, placementKey, type TaskRecord } from '../../domain/task.ts';
import { StoreBusy, type RoomStore, type TaskReport } from '../../ports/room-store.ts';
import { isStaleReport, reportedTaskRecord } from '../records.ts';
import type { Context } from './context.ts';
import { countOnce } from './count-once.ts';
import { taskOf, type TaskRoomItem } from './items.ts';
import { FLEET_INDEX, FLEET_SHARDS, fleetShard, PLACEMENT_INDEX, TASK } from './keys.ts';
import { expressionParts, remove, update, type Place } from './parts.ts';

type TaskMethods = Pick<
  RoomStore,
  | 'putTask'
  | 'getTask'
  | 'placementCandidates'
  | 'stopTask'
  | 'setTaskState'
  | 'listTasks'
  | 'listTaskRooms'
  | 'noteSilence'
  | 'removeTask'
>;

/** Between two looks at a record it may change; more rounds than these mean that it changes all the time. */
const PUT_ROUNDS = 6;
/** First page of a placement query, as a multiple of what is wanted: some are full or have lost their lease. */
const FIRST_PAGE_FACTOR = 4;
/** Further pages are as long as DynamoDB makes them (1 MB, some two thousand tasks). */
const PLACEMENT_PAGES = 10;

/**
 * Writes all that `task` holds, where `condition` holds, but for its count of rooms, and for `state_since` where the state
 * `stays`. A task is in `placement-index` only while it is READY.
 */
function writeTask(
  place: Place,
  task: TaskRecord,
  condition: string,
  values: Record<string, string | number>,
  stays = false,
) {
  const { task_id, task_arn, rooms, state_since, ...fields } = task;
  const present = {
    ...fields,
    fleet: fleetShard(task_id),
    ...(task_arn !== undefined && { task_arn }),
    ...(task.state === 'READY' && { placement: placementKey(task.region, task.kind) }),
  };
  const absent = [
    ...(task_arn === undefined ? ['#task_arn'] : []),
    ...(task.state === 'READY' ? [] : ['#placement']),
  ];
  const set = [
    ...Object.keys(present).map((name) => `#${name} = :${name}`),
    '#rooms = if_not_exists(#rooms, :rooms)',
    stays ? '#state_since = if_not_exists(#state_since, :state_since)' : '#state_since = :state_since',
  ];
  const change = `SET ${set.join(', ')}${absent.length > 0 ? ` REMOVE ${absent.join(', ')}` : ''}`;
  return update(place, change, condition, { ...present, rooms, state_since, ...values });
}

export function taskMethods({ calls, at, names }: Context): TaskMethods {
  /** A heartbeat of a task that is known in state `expected`. */
  const renew = (report: TaskReport, expected: TaskRecord['state']) => {
    const state = nextState(expected, report.state);
    return calls.update(
      writeTask(
        at.task(report.task_id),
        reportedTaskRecord(report, state, 0),
        '#state = :expected AND #started_at = :same AND #heartbeat_seq <= :seq',
        { expected, same: report.started_at, seq: report.heartbeat_seq },
        state === expected,
      ),
    );
  };

  /** The first call of a process: nothing is known of its id, or only an earlier process. */
  const register = async (report: TaskReport, earlier: TaskRecord | undefined) => {
    const task = reportedTaskRecord(report, report.state, earlier?.rooms ?? 0);
    const place = at.task(report.task_id);
    const write =
      earlier === undefined
        ? writeTask(place, task, 'attribute_not_exists(#task_id)', {})
        : writeTask(place, task, '#started_at = :earlier AND #rooms = :rooms', {
            earlier: earlier.started_at,
          });
    return { task, outcome: await calls.transact({ write }) };
  };

  const getTask = async (task_id: string) => {
    const item = await calls.get(at.task(task_id));
    return item === undefined ? undefined : taskOf(item);
  };

  return {
    getTask,

    async putTask(report) {
      // Nearly every call is a heartbeat of a task whose state stays, so that is tried first; where it does not fit, the
      // failed condition gives back the record.
      let renewal = await renew(report, report.state);
      for (let round = 0; round < PUT_ROUNDS; round++) {
        if (renewal.kind === 'done') return { kind: 'renewed', task: taskOf(renewal.item) };
        const known = renewal.item === undefined ? undefined : taskOf(renewal.item);
        if (known !== undefined && isStaleReport(known, report)) return { kind: 'stale', task: known };
        if (known?.started_at === report.started_at) {
          renewal = await renew(report, known.state);
        } else {
          const { task, outcome } = await register(report, known);
          if (outcome.kind === 'done') return { kind: 'registered', task };
          renewal = { kind: 'failed', item: outcome.failed.write?.item };
        }
      }
      throw new StoreBusy('the task changes too fast');
    },

    async placementCandidates(region, kind, limit, now, order) {
      const query = {
        TableName: names.tasks,
        IndexName: PLACEMENT_INDEX,
        KeyConditionExpression: '#placement = :placement',
        ...expressionParts('#placement', { placement: placementKey(region, kind) }),
        ScanIndexForward: order === 'least',
      };
      // By id: a task that is given a room between two pages may be on both.
      const found = new Map<string, TaskRecord>();
      let pages = 0;
      for await (const page of calls.pages(query, limit * FIRST_PAGE_FACTOR)) {
        for (const task of page.map(taskOf)) if (hasPlace(task, now)) found.set(task.task_id, task);
        if (found.size >= limit || ++pages === PLACEMENT_PAGES) break;
      }
      return [...found.values()].slice(0, limit);
    },

    async stopTask(task_id, started_at, now) {
      await calls.update(
        update(
          at.task(task_id),
          'SET #state = :stopped, #state_since = :now REMOVE #placement',
          '#started_at = :started_at AND #state <> :stopped',
          { stopped: 'STOPPED', started_at, now },
        ),
      );
    },

    async setTaskState({ task_id, started_at, region, kind }, from, to, now, when) {
      const ready = to === 'READY';
      const set = ['#state = :to', '#state_since = :now', ...(ready ? ['#placement = :placement'] : [])];
      const outcome = await calls.update(
        update(
          at.task(task_id),
          `SET ${set.join(', ')}${ready ? '' : ' REMOVE #placement'}`,
          `#state = :from AND #started_at = :started_at${when === undefined ? '' : ' AND #rooms = :rooms'}`,
          { from, to, now, started_at, ...when, ...(ready && { placement: placementKey(region, kind) }) },
        ),
      );
      if (outcome.kind === 'done') return true;
      // It was this call that did it, if its answer was lost.
      const { item } = outcome;
      return item?.['started_at'] === started_at && item['state'] === to && item['state_since'] === now;
    },

    async listTasks() {
      const shards = Array.from({ length: FLEET_SHARDS }, (_, shard) =>
        calls.all({
          TableName: names.tasks,
          IndexName: FLEET_INDEX,
          KeyConditionExpression: '#fleet = :fleet',
          ...expressionParts('#fleet', { fleet: `fleet#${shard}` }),
        }),
      );
      return (await Promise.all(shards)).flat().map(taskOf);
    },

    async listTaskRooms(task_id) {
      const condition = '#task_id = :task_id AND #room_id > :task';
      const items = await calls.all({
        TableName: names.tasks,
        KeyConditionExpression: condition,
        ...expressionParts(condition, { task_id, task: TASK }),
        ConsistentRead: true,
      });
      return items.map((item) => {
        const { room_id, epoch, placed_at } = item as unknown as TaskRoomItem;
        return { room_id, epoch, placed_at };
      });
    },

    async noteSilence(task_id, resuming) {
      const item = await countOnce(
        calls,
        at.task(task_id),
        '#silent = #silent + :one, #silent_resuming = #silent_resuming + :resuming',
        'attribute_exists(#task_id)',
        { one: 1, resuming: resuming ? 1 : 0 },
      );
      return item && taskOf(item);
    },

    async removeTask(task_id, lease_until) {
      const outcome = await calls.transact({
        task: remove(at.task(task_id), '#lease_until = :lease_until AND #rooms = :zero', {
          lease_until,
          zero: 0,
        }),
      });
      if (outcome.kind === 'done') return 'removed';
      return outcome.failed.task?.item === undefined ? 'gone' : 'changed';
    },
  };
}
