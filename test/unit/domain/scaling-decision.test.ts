import { describe, expect, it } from 'vitest';
import { plan } from '../../../shared/domain/scaling.ts';
import type {
  FleetView,
  ScalingMemory,
  ScalingPolicy,
  ScalingTask,
} from '../../../shared/domain/scaling-types.ts';
import { AT, MINUTE, POLICY, starting, task, view } from '../../support/scaling.ts';

type More = Partial<Omit<FleetView, 'memory'>> & { memory?: Partial<ScalingMemory> };

const SURPLUS = { memory: { surplus_since: AT - 3 * MINUTE } };

describe('a decision', () => {
  const decide = (tasks: ScalingTask[], more?: More, policy?: Partial<ScalingPolicy>) =>
    plan(view(tasks, more), { ...POLICY, ...policy }, AT);

  it.each([
    [
      'of a launch',
      decide([task('a', { rooms: 95 }), starting('b')], { pending: 130 }),
      '5 places are free, 100 are coming, 130 rooms need one; at least 20 should be (20)',
    ],
    [
      'with a part of the rooms, and growth',
      decide(
        [task('a', { rooms: 100 })],
        { memory: { demand: [{ at: AT - MINUTE, used: 90 }] } },
        { upscale: { places: 5, percent: 10 } },
      ),
      '0 places are free; at least 25 should be (5 and 10 % of 100 rooms, and 10 for growth while a task starts)',
    ],
    [
      'of too much',
      decide([task('a'), task('b')], SURPLUS),
      '200 places are free; at most 150 should be (150)',
    ],
    [
      'that was limited',
      decide([task('a', { rooms: 99 })], {}, { max_tasks: 1 }),
      '1 place is free; at least 20 should be (20); no more is done since there may be at most 1 task',
    ],
    [
      'of a pause',
      decide([task('a', { rooms: 99 })], {
        memory: { backoff: { failures: 1, until: AT + 1, cause: '3 tasks could not be launched' } },
      }),
      '1 place is free; at least 20 should be (20); 3 tasks could not be launched; nothing is launched for now',
    ],
    [
      'of a rolling deployment',
      decide([task('a', { rooms: 10, outdated: true }), task('b')]),
      '190 places are free; at most 150 should be (150); 1 task of an older version is replaced',
    ],
  ])('says why in a sentence: %s', (_, { decision }, reason) => {
    expect(decision.reason).toBe(reason);
  });

  it('has the numbers, and the actions in words', () => {
    const { decision } = decide([task('a', { rooms: 95 }), starting('b')], { pending: 130 });
    expect(decision).toMatchObject({
      at: AT,
      kind: 'relay',
      actions: ['launch 1 task'],
      rooms: 225,
      waiting: 130,
      free: 5,
      coming: 100,
      wanted: 20,
      allowed: 150,
      tasks: { READY: 1, STARTING: 1, STANDBY: 0, DRAINING: 0, SILENT: 0 },
    });
  });

  it('tells the first of many actions', () => {
    const tasks = Array.from({ length: 10 }, (_, n) => task(`t${n}`, { state: 'STANDBY' }));
    const { decision, actions } = decide([...tasks, task('a')]);
    expect(actions).toHaveLength(10);
    expect(decision.actions).toHaveLength(9);
    expect(decision.actions.at(-1)).toBe('and 2 more');
  });

  it('is kept if it did something or was limited, the newest first, 20 at most, one of a kind of limit', () => {
    const full = [task('a', { rooms: 100 })];
    let { memory } = decide(full);
    for (let n = 0; n < 30; n++) ({ memory } = plan(view(full, { memory }), POLICY, AT + n));
    expect(memory.decisions).toHaveLength(20);
    expect(memory.decisions[0]?.at).toBe(AT + 29);
    const limits = { ...POLICY, max_tasks: 1 };
    for (let n = 0; n < 5; n++) ({ memory } = plan(view(full, { memory }), limits, AT + 100 + n));
    expect(memory.decisions.slice(0, 2).map(({ at }) => at)).toEqual([AT + 100, AT + 29]);
    ({ memory } = plan(view([task('a')], { memory }), POLICY, AT + 200));
    expect(memory.decisions[0]?.at).toBe(AT + 100);
  });
});

describe('whether a room may wait for a task', () => {
  const may = (tasks: ScalingTask[], more?: More, policy?: Partial<ScalingPolicy>) =>
    plan(view(tasks, more), { ...POLICY, ...policy }, AT).memory.may_grow;
  const unanswered = (minutes: number) => ({ unanswered_since: AT - minutes * MINUTE });
  const paused = { memory: { backoff: { failures: 1, until: AT + 1, cause: 'no machine' } } };

  it.each([
    ['yes while more may run', true, may([task('a')])],
    ['not at the most tasks', false, may([task('a')], {}, { max_tasks: 1 })],
    ['yes at the most tasks, if one starts', true, may([task('a'), starting('b')], {}, { max_tasks: 2 })],
    [
      'yes at the most tasks, if one stands by',
      true,
      may([task('a'), task('b', { state: 'STANDBY', rooms: 1 })], {}, { max_tasks: 2 }),
    ],
    [
      'not at the most tasks, if more wait than all that comes has places for',
      false,
      may([task('a', { rooms: 100 }), starting('b')], { pending: 100 }, { max_tasks: 2 }),
    ],
    [
      'yes if the last task that may run has a place for one more than wait',
      true,
      may([task('a', { rooms: 100 })], { pending: 99 }, { max_tasks: 2 }),
    ],
    [
      'not if the last task that may run has none',
      false,
      may([task('a', { rooms: 100 })], { pending: 100 }, { max_tasks: 2 }),
    ],
    ['not while launches are paused', false, may([task('a')], paused)],
    ['yes while they are, if one starts', true, may([task('a'), starting('b')], paused)],
    ['yes where a launch has no answer yet', true, may([], { pending: 1, memory: unanswered(1) })],
    ['not where launches get none for two minutes', false, may([], { pending: 1, memory: unanswered(2) })],
    ['yes even so, if one starts', true, may([starting('b')], { pending: 1, memory: unanswered(2) })],
  ])('%s', (_, expected, actual) => {
    expect(actual).toBe(expected);
  });
});
