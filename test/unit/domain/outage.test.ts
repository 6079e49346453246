import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOGETHER_MS } from '../../../shared/domain/liveness.ts';
import { outage, planSweep } from '../../../shared/domain/sweep.ts';
import type { TaskRecord } from '../../../shared/domain/task.ts';
import type { FleetTask, FleetTaskState } from '../../../shared/ports/fleet.ts';
import { taskRecord } from '../../support/records.ts';

const NOW = Date.UTC(2026, 0, 2);

interface Drawn {
  task: TaskRecord;
  /** What the fleet says of it; undefined: it does not know it. */
  says: FleetTaskState | undefined;
}

const drawn = fc.record({
  // Valid for a while yet, run out a moment ago, run out long ago.
  left_ms: fc.oneof(
    fc.integer({ min: 1, max: 30_000 }),
    fc.integer({ min: 1 - TOGETHER_MS, max: 0 }),
    fc.integer({ min: -3 * TOGETHER_MS, max: -TOGETHER_MS }),
  ),
  state: fc.constantFrom<TaskRecord['state']>('READY', 'READY', 'STANDBY', 'DRAINING', 'STOPPED'),
  in_fleet: fc.boolean(),
  says: fc.constantFrom<FleetTaskState | undefined>('starting', 'running', 'stopping', 'stopped', undefined),
});

/** Tasks with ids of their own, and what the fleet says of each. */
const fleets = fc.array(drawn, { maxLength: 24 }).map((all): Drawn[] =>
  all.map(({ left_ms, state, in_fleet, says }, n) => ({
    task: taskRecord(`task-${n}`, {
      lease_until: NOW + left_ms,
      state,
      ...(in_fleet ? {} : { task_arn: undefined }),
    }),
    says: in_fleet ? says : undefined,
  })),
);

function plan(all: readonly Drawn[]) {
  const listed = all.flatMap(({ task, says }): FleetTask[] =>
    task.task_arn === undefined || says === undefined ? [] : [{ task_arn: task.task_arn, state: says }],
  );
  return planSweep(
    all.map(({ task }) => task),
    listed,
    NOW,
  );
}

const ids = (tasks: readonly TaskRecord[]) => new Set(tasks.map(({ task_id }) => task_id));
const valid = ({ task }: Drawn) => task.lease_until > NOW;
/** Nobody said "stopped" of it: that its lease ran out is unexplained. */
const unexplained = ({ task, says }: Drawn) => says !== 'stopped' && task.state !== 'STOPPED';
const lately = ({ task }: Drawn) => task.lease_until > NOW - TOGETHER_MS;

describe('the plan of any sweep', () => {
  it('prunes only whose lease has run out and of whom the fleet says stopped or nothing', () => {
    fc.assert(
      fc.property(fleets, (all) => {
        const pruned = ids(plan(all).prune);
        for (const one of all.filter(({ task }) => pruned.has(task.task_id))) {
          expect(valid(one)).toBe(false);
          expect(['stopped', undefined]).toContain(one.says);
        }
      }),
    );
  });

  it('prunes nobody unexplained while more than a third of the leases ran out together, and says why', () => {
    fc.assert(
      fc.property(fleets, (all) => {
        const leases = all.filter((one) => unexplained(one) && lately(one));
        const ranOut = leases.filter((one) => !valid(one));
        const outageOfOurs = ranOut.length > 1 && ranOut.length > leases.length / 3;
        const { prune, held } = plan(all);
        expect(held !== undefined).toBe(outageOfOurs);
        if (!outageOfOurs) return;
        const pruned = ids(prune);
        for (const one of all.filter(unexplained)) expect(pruned.has(one.task.task_id)).toBe(false);
      }),
    );
  });

  it('prunes everybody else: an outage of ours keeps no record that is explained', () => {
    fc.assert(
      fc.property(fleets, (all) => {
        const { prune, held } = plan(all);
        const pruned = ids(prune);
        for (const one of all) {
          if (valid(one) || !['stopped', undefined].includes(one.says)) continue;
          if (held !== undefined && unexplained(one)) continue;
          expect(pruned.has(one.task.task_id)).toBe(true);
        }
      }),
    );
  });

  it('is held still when records are added that ran out long ago, or whose tasks have stopped', () => {
    fc.assert(
      fc.property(fleets, fc.nat(30), (all, more) => {
        fc.pre(plan(all).held !== undefined);
        const old = Array.from({ length: more }, (_, n): Drawn => {
          const past = { lease_until: NOW - TOGETHER_MS - n };
          const stopped = { lease_until: NOW + 1, state: 'STOPPED' as const };
          return { task: taskRecord(`old-${n}`, n % 2 === 0 ? past : stopped), says: undefined };
        });
        expect(plan([...all, ...old]).held).toBeDefined();
      }),
    );
  });

  it('does one thing with a task at most, and reconciles nobody without a lease', () => {
    fc.assert(
      fc.property(fleets, (all) => {
        const { stop, prune, reconcile } = plan(all);
        const seen = [...stop, ...prune, ...reconcile].map(({ task_id }) => task_id);
        expect(new Set(seen).size).toBe(seen.length);
        expect([...stop, ...reconcile].every((task) => task.lease_until > NOW)).toBe(true);
      }),
    );
  });
});

describe('an outage of ours', () => {
  const ago = (id: string, ms: number, more: Partial<TaskRecord> = {}) =>
    taskRecord(id, { lease_until: NOW - ms, ...more });
  const live = (id: string) => taskRecord(id, { lease_until: NOW + 1 });

  it.each([
    ['nobody', [], false],
    ['one of one', [ago('a', 1)], false],
    ['one of two', [ago('a', 1), live('b')], false],
    ['two of two', [ago('a', 1), ago('b', 1)], true],
    ['exactly a third', [ago('a', 1), ago('b', 1), ...['c', 'd', 'e', 'f'].map(live)], false],
    ['more than a third', [ago('a', 1), ago('b', 1), ...['c', 'd', 'e'].map(live)], true],
    ['two that said so', [ago('a', 1, { state: 'STOPPED' }), ago('b', 1, { state: 'STOPPED' })], false],
    ['two of long ago', [ago('a', TOGETHER_MS), ago('b', TOGETHER_MS), live('c')], false],
    [
      'two among many of long ago',
      [
        ago('a', 1),
        ago('b', 1),
        live('c'),
        ...Array.from({ length: 9 }, (_, n) => ago(`o${n}`, TOGETHER_MS)),
      ],
      true,
    ],
  ] as const)('is none, or is one, with %s', (_name, tasks, expected) => {
    expect(outage([...tasks], NOW) !== undefined).toBe(expected);
  });
});
