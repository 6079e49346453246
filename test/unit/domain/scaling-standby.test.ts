import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { plan } from '../../../shared/domain/scaling.ts';
import type { ScalingTask } from '../../../shared/domain/scaling-types.ts';
import { AT, MINUTE, POLICY, task, view } from '../../support/scaling.ts';

const CAPACITY = POLICY.room_capacity;

const fleets = fc
  .array(
    fc.record({
      rooms: fc.integer({ min: 0, max: CAPACITY / 2 }),
      state: fc.constantFrom('READY' as const, 'READY' as const, 'STANDBY' as const),
      outdated: fc.boolean(),
    }),
    { minLength: 3, maxLength: 40 },
  )
  .map((tasks) => tasks.map((more, n) => task(`t${n}`, more)));

it('a plan puts no more on STANDBY than the others can take the rooms of, with the middle of both margins left', () => {
  const free = (tasks: readonly ScalingTask[]): number =>
    tasks.reduce((sum, { rooms }) => sum + CAPACITY - rooms, 0);
  const rooms = (tasks: readonly ScalingTask[]): number => tasks.reduce((sum, { rooms }) => sum + rooms, 0);
  let seen = 0;
  fc.assert(
    fc.property(fleets, (tasks) => {
      const memory = { surplus_since: AT - 3 * MINUTE };
      const { actions, decision } = plan(view(tasks, { memory }), { ...POLICY, max_tasks: 40 }, AT);
      const told = (what: string): ScalingTask[] =>
        actions.flatMap((action) =>
          action.do === what && 'task_id' in action
            ? tasks.filter(({ task_id }) => task_id === action.task_id)
            : [],
        );
      const went = told('standby');
      if (went.length === 0) return;
      seen++;
      const gone = new Set([...went, ...told('drain')]);
      const ready = tasks.filter((one) => one.state === 'READY' && !gone.has(one));
      const moving = tasks.filter((one) => one.state === 'STANDBY' || gone.has(one));
      expect(free(ready) - rooms(moving)).toBeGreaterThanOrEqual((decision.wanted + decision.allowed) / 2);
    }),
    { numRuns: 300 },
  );
  expect(seen).toBeGreaterThan(50);
});
