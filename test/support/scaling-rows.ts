/** The plan of the fleet as a table: a sentence, what there is, and what is planned. */
import { describe, expect, it } from 'vitest';
import { plan } from '../../shared/domain/scaling.ts';
import type {
  FleetView,
  ScalingAction,
  ScalingMemory,
  ScalingPolicy,
  ScalingTask,
} from '../../shared/domain/scaling-types.ts';
import { AT, MINUTE, POLICY, view } from './scaling.ts';

export interface Row {
  tasks: ScalingTask[];
  more?: Partial<Omit<FleetView, 'memory'>> & { memory?: Partial<ScalingMemory> };
  policy?: Partial<ScalingPolicy>;
  actions: ScalingAction[];
  limited?: string;
}

export const launch = (count: number): ScalingAction => ({ do: 'launch', count });
export const activate = (task_id: string): ScalingAction => ({ do: 'activate', task_id });
export const standby = (task_id: string): ScalingAction => ({ do: 'standby', task_id });
export const drain = (task_id: string, from: 'READY' | 'STANDBY', why: string): ScalingAction => ({
  do: 'drain',
  task_id,
  task_arn: `arn:${task_id}`,
  from,
  why,
});
export const end = (task_id: string, why: string): ScalingAction => ({
  do: 'stop',
  task_id,
  task_arn: `arn:${task_id}`,
  why,
});
export const kill = (name: string, why: string): ScalingAction => ({
  do: 'stop',
  task_arn: `arn:${name}`,
  why,
});
export const SURPLUS = { memory: { surplus_since: AT - 3 * MINUTE } };
export const TOO_LONG = 'it has stood by for too long';
export const OLD = 'it is of an older version';
export const EMPTY = 'it stands by and has no room';

/** A test for each row of each table, by the name of the table. */
export function planTests(tables: Record<string, Record<string, Row>>): void {
  describe.each(Object.entries(tables))('the plan, %s:', (_, rows) => {
    it.each(Object.entries(rows))('%s', (_sentence, { tasks, more, policy, actions, limited }) => {
      const { actions: planned, decision } = plan(view(tasks, more), { ...POLICY, ...policy }, AT);
      expect(planned).toEqual(actions);
      expect(decision.limited).toBe(limited);
    });
  });
}
