import { describe, expect, it } from 'vitest';
import { stateChanges } from '../../../functions/runtime/state-changes.ts';

const change = (taskArn: string, version: number) => ({
  source: 'aws.ecs',
  'detail-type': 'ECS Task State Change',
  detail: { taskArn, version, lastStatus: 'STOPPED' },
});

describe('changes that ECS reports of its tasks', () => {
  it('are news once for each version of a task', () => {
    const { repeated } = stateChanges();
    expect(repeated(change('arn:a', 3))).toBe(false);
    expect(repeated(change('arn:a', 3))).toBe(true);
    expect(repeated(change('arn:b', 3))).toBe(false);
    expect(repeated(change('arn:a', 4))).toBe(false);
  });

  it('are old news when a later one came first', () => {
    const { repeated } = stateChanges();
    expect(repeated(change('arn:a', 5))).toBe(false);
    expect(repeated(change('arn:a', 2))).toBe(true);
  });

  it('are forgotten, the oldest first, so that an instance does not grow', () => {
    const { repeated } = stateChanges(2);
    for (const arn of ['arn:a', 'arn:b']) expect(repeated(change(arn, 1))).toBe(false);
    expect(repeated(change('arn:a', 2))).toBe(false);
    expect(repeated(change('arn:c', 1))).toBe(false);
    expect(repeated(change('arn:a', 2))).toBe(true);
    expect(repeated(change('arn:b', 1))).toBe(false);
  });

  it('are told from schedules and calls of our own, each of which is news', () => {
    const { repeated } = stateChanges();
    const schedule = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
    for (const event of [schedule, schedule, {}, {}, undefined, { source: 'aws.ecs', detail: {} }]) {
      expect(repeated(event)).toBe(false);
    }
  });
});
