import { describe, expect, it } from 'vitest';
import { afterLaunch, bootTime, judgeStarts } from '../../../shared/domain/scaling-starts.ts';
import { emptyMemory, type ScalingMemory } from '../../../shared/domain/scaling-types.ts';
import { fleetView } from '../../../shared/domain/scaling-view.ts';
import type { TaskRecord } from '../../../shared/domain/task.ts';
import type { FleetTask, LaunchFailureKind } from '../../../shared/ports/fleet.ts';
import { taskRecord } from '../../support/records.ts';
import { AT, MINUTE, POLICY, starting, task } from '../../support/scaling.ts';

const live = (task_id: string, more: Partial<TaskRecord> = {}): TaskRecord =>
  taskRecord(task_id, { lease_until: AT + 1, state_since: AT - MINUTE, ...more });
const listed = (name: string, more: Partial<FleetTask> = {}): FleetTask => ({
  task_arn: `arn:${name}`,
  state: 'running',
  kind: 'relay',
  created_at: AT - 2 * MINUTE,
  outdated: false,
  ...more,
});

function look(records: TaskRecord[], list: FleetTask[], memory: Partial<ScalingMemory> = {}, pending = 0) {
  const kept = { ...emptyMemory(), ...memory };
  const sources = { kind: 'relay' as const, records, listed: list, backup: 'backup', pending, memory: kept };
  return fleetView(sources, POLICY, AT);
}
/** Of each task its state, and what makes it special. */
const seen = (...given: Parameters<typeof look>) =>
  look(...given).tasks.map(({ task_id, task_arn, state }) => [state, task_id, task_arn]);

describe('the view of the fleet', () => {
  it('has what registered, as its record says', () => {
    const view = look([live('a', { rooms: 3, clients: 5, state: 'STANDBY' })], [listed('a')], {}, 7);
    expect(view).toMatchObject({ kind: 'relay', pending: 7, outage: undefined });
    expect(view.tasks).toEqual([task('a', { state: 'STANDBY', rooms: 3, clients: 5, stopping: false })]);
  });

  it('has what has not registered yet as starting, with the places of a new task', () => {
    expect(look([], [listed('a', { state: 'starting' })]).tasks).toEqual([
      { ...starting('a', 2 * MINUTE), stopping: false },
    ]);
  });

  it('has nothing of other kinds, of the backup task, and of tasks that are none of ours', () => {
    const records = [live('backup'), live('b', { kind: 'render' })];
    const list = [listed('backup'), listed('b', { kind: 'render' }), listed('c', { kind: undefined })];
    expect(seen(records, list)).toEqual([]);
  });

  it('counts the places of a task that the fleet does not know, which is not to be touched', () => {
    expect(seen([live('a')], [])).toEqual([['READY', 'a', undefined]]);
  });

  it('does not touch a task that is none of ours, though its places count', () => {
    expect(seen([live('a')], [listed('a', { kind: undefined })])).toEqual([['READY', 'a', undefined]]);
    expect(seen([live('a')], [listed('a', { kind: 'render' })])).toEqual([['READY', 'a', undefined]]);
  });

  it('counts a task that registered as another kind for one that has not come up', () => {
    expect(seen([live('a', { kind: 'render' })], [listed('a')])).toEqual([['STARTING', undefined, 'arn:a']]);
  });

  it('knows a task that it has launched before the fleet lists it', () => {
    const started = { starting: [{ task_arn: 'arn:a', launched_at: AT - 20_000 }] };
    expect(seen([live('a')], [], started)).toEqual([['READY', 'a', 'arn:a']]);
    expect(seen([], [], started)).toEqual([['STARTING', undefined, 'arn:a']]);
    const long_ago = { starting: [{ task_arn: 'arn:a', launched_at: AT - MINUTE }] };
    expect(seen([], [], long_ago)).toEqual([]);
  });

  it.each([
    ['the fleet says that it stopped', live('a', { rooms: 4 }), [listed('a', { state: 'stopped' })]],
    ['it says so itself', live('a', { rooms: 4, state: 'STOPPED' }), [listed('a')]],
    ['its lease ran out, and the fleet knows nothing of it', live('a', { rooms: 4, lease_until: AT }), []],
  ])('takes a task for gone, and its rooms for waiting, if %s', (_, record, list) => {
    const view = look([record], list, {}, 1);
    expect(view.tasks).toEqual([]);
    expect(view.pending).toBe(5);
    expect(view.over).toEqual(['arn:a']);
  });

  it('takes a task for draining that somebody ends', () => {
    const [one] = look([live('a')], [listed('a', { state: 'stopping' })]).tasks;
    expect(one).toMatchObject({ state: 'DRAINING', stopping: true });
  });

  it('takes a task for silent that runs without a lease, since then', () => {
    const [one] = look([live('a', { lease_until: AT - 5 })], [listed('a')]).tasks;
    expect(one).toMatchObject({ state: 'SILENT', since: AT - 5 });
  });

  it('sees an outage of ours when many leases run out together and nobody says why', () => {
    const silent = ['a', 'b'].map((id) => live(id, { lease_until: AT - 5 }));
    const view = look([...silent, live('c')], [listed('a'), listed('c')]);
    expect(view.outage).toContain('2 of 3 leases ran out together');
    expect(view.tasks.map(({ state }) => state)).toEqual(['SILENT', 'SILENT', 'READY']);
    const explained = ['a', 'b'].map((name) => listed(name, { state: 'stopped' }));
    expect(look([...silent, live('c')], [...explained, listed('c')]).outage).toBeUndefined();
  });
});

describe('what became of the tasks that were launched', () => {
  const memory = (more: Partial<ScalingMemory>): ScalingMemory => ({ ...emptyMemory(), ...more });
  const started = (...names: string[]) =>
    names.map((name) => ({ task_arn: `arn:${name}`, launched_at: AT - MINUTE }));
  const none = new Set<string>();

  it('is remembered until they register, and how long that took', () => {
    const judged = judgeStarts(
      memory({ starting: started('a', 'b'), boots: [10] }),
      [starting('a'), task('b', { since: AT - 15_000 })],
      none,
      AT,
    );
    expect(judged).toEqual({ boots: [10, 45_000], starting: started('a'), backoff: undefined });
  });

  it('makes the slowest of the last ten the time that a start takes', () => {
    expect(bootTime({ boots: [] })).toBe(90_000);
    expect(bootTime({ boots: [5, 70_000, 8] })).toBe(70_000);
    const boots = [99, ...Array.from({ length: 9 }, () => 1)];
    const judged = judgeStarts(memory({ starting: started('a'), boots }), [task('a')], none, AT);
    expect(judged.boots).toHaveLength(10);
    expect(judged.boots).not.toContain(99);
  });

  it('pauses launches for longer each time, five minutes at most, while none registers', () => {
    let kept = memory({});
    const pauses: number[] = [];
    for (let n = 0; n < 8; n++) {
      kept = { ...kept, ...judgeStarts({ ...kept, starting: started('a') }, [], none, AT) };
      pauses.push((kept.backoff!.until - AT) / 1_000);
    }
    expect(pauses).toEqual([15, 30, 60, 120, 240, 300, 300, 300]);
    const better = judgeStarts({ ...kept, starting: started('a', 'b') }, [task('b')], none, AT);
    expect(better.backoff).toBeUndefined();
  });

  it('takes none for failed that had registered, and died soon after', () => {
    const judged = judgeStarts(memory({ starting: started('a') }), [], none, AT, ['arn:a']);
    expect(judged).toEqual({ boots: [], starting: [], backoff: undefined });
  });

  it('takes one for failed that is to be stopped since it is late', () => {
    const judged = judgeStarts(memory({ starting: started('a') }), [starting('a')], new Set(['arn:a']), AT);
    expect(judged).toMatchObject({ starting: [], backoff: { failures: 1 } });
  });

  it.each([
    ['no_capacity', 15],
    ['limit', 15],
    ['misconfigured', 300],
  ] satisfies [LaunchFailureKind, number][])('pauses after a launch that failed: %s, %i s', (kind, pause) => {
    const failures = [{ kind, count: 3, detail: 'told so' }];
    const after = afterLaunch(memory({}), { launched: [], failures }, AT);
    expect(after.backoff).toEqual({
      failures: 1,
      until: AT + pause * 1_000,
      cause: `3 tasks could not be launched (${kind}): told so`,
    });
    expect(after.may_grow).toBe(false);
  });

  it('lets rooms wait for those that were launched although others failed', () => {
    const failures = [{ kind: 'no_capacity' as const, count: 1, detail: '' }];
    const launched = [listed('a', { created_at: undefined })];
    const after = afterLaunch(
      memory({ launching: { token: 't', count: 2, at: AT } }),
      { launched, failures },
      AT,
    );
    expect(after.starting).toEqual([{ task_arn: 'arn:a', launched_at: AT }]);
    expect(after.may_grow).toBe(true);
    expect(after.launching).toBeUndefined();
  });
});
