import { describe, expect, it } from 'vitest';
import { planSweep } from '../../../shared/domain/sweep.ts';
import type { TaskRecord } from '../../../shared/domain/task.ts';
import { taskRecord } from '../../support/records.ts';
import type { FleetTask } from '../../../shared/ports/fleet.ts';

const NOW = Date.UTC(2026, 0, 2);
const MINUTE = 60_000;

const task = (task_id: string, lease_until: number) => taskRecord(task_id, { lease_until });
const live = (id: string) => task(id, NOW + 1);
const expired = (id: string, ago = MINUTE) => task(id, NOW - ago);
const fleet = (states: Record<string, FleetTask['state']>): FleetTask[] =>
  Object.entries(states).map(([id, state]) => ({ task_arn: `arn:${id}`, state }));
const ids = (tasks: TaskRecord[]) => tasks.map(({ task_id }) => task_id);

describe('the plan of a sweep', () => {
  it.each([
    ['stopped, lease run out', [expired('a'), live('b')], { a: 'stopped', b: 'running' }, ['a']],
    ['unknown, lease run out', [expired('a'), live('b')], { b: 'running' }, ['a']],
    [
      'outside the fleet, lease run out',
      [taskRecord('a', { lease_until: NOW - 1, task_arn: undefined }), live('b')],
      { b: 'running' },
      ['a'],
    ],
    ['running, lease run out', [expired('a'), live('b')], { a: 'running', b: 'running' }, []],
    ['stopping, lease run out', [expired('a'), live('b')], { a: 'stopping', b: 'running' }, []],
    ['unknown, lease valid', [live('a'), live('b')], { b: 'running' }, []],
    ['all of them stopped', [expired('a'), expired('b')], { a: 'stopped', b: 'stopped' }, ['a', 'b']],
    ['two of four unknown together', [expired('a'), expired('b'), live('c'), live('d')], {}, []],
    [
      'two of six unknown together',
      ['a', 'b'].map((id) => expired(id)).concat(['c', 'd', 'e', 'f'].map(live)),
      {},
      ['a', 'b'],
    ],
    [
      'two of four unknown for long',
      [expired('a', 11 * MINUTE), expired('b', 12 * MINUTE), live('c'), live('d')],
      {},
      ['a', 'b'],
    ],
    [
      'one stopped beside an outage',
      [expired('a'), expired('b'), expired('c'), live('d')],
      { a: 'stopped' },
      ['a'],
    ],
  ] as const)('%s', (_name, tasks, states, pruned) => {
    expect(ids(planSweep([...tasks], fleet({ ...states }), NOW).prune)).toEqual([...pruned]);
  });

  it('says why nothing is pruned', () => {
    expect(planSweep([expired('a'), expired('b'), live('c')], [], NOW).held).toContain('2 of 3 leases');
    expect(planSweep([expired('a'), live('b')], [], NOW).held).toBeUndefined();
  });

  it('reconciles the live, and takes out of placement what the fleet calls stopped', () => {
    const plan = planSweep([live('a'), live('b'), expired('c')], fleet({ a: 'running', b: 'stopped' }), NOW);
    expect(ids(plan.reconcile)).toEqual(['a']);
    expect(ids(plan.stop)).toEqual(['b']);
  });
});
