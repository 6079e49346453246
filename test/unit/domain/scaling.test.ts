import { describe, expect, it } from 'vitest';
import { plan } from '../../../shared/domain/scaling.ts';
import type {
  FleetView,
  ScalingAction,
  ScalingMemory,
  ScalingPolicy,
  ScalingTask,
} from '../../../shared/domain/scaling-types.ts';
import { AT, MINUTE, POLICY, starting, task, view } from '../../support/scaling.ts';

interface Row {
  tasks: ScalingTask[];
  more?: Partial<Omit<FleetView, 'memory'>> & { memory?: Partial<ScalingMemory> };
  policy?: Partial<ScalingPolicy>;
  actions: ScalingAction[];
  limited?: string;
}

const launch = (count: number): ScalingAction => ({ do: 'launch', count });
const activate = (task_id: string): ScalingAction => ({ do: 'activate', task_id });
const standby = (task_id: string): ScalingAction => ({ do: 'standby', task_id });
const drain = (task_id: string, from: 'READY' | 'STANDBY', why: string): ScalingAction => ({
  do: 'drain',
  task_id,
  task_arn: `arn:${task_id}`,
  from,
  why,
});
const end = (task_id: string, why: string): ScalingAction => ({
  do: 'stop',
  task_id,
  task_arn: `arn:${task_id}`,
  why,
});
const kill = (name: string, why: string): ScalingAction => ({ do: 'stop', task_arn: `arn:${name}`, why });
const SURPLUS = { memory: { surplus_since: AT - 3 * MINUTE } };
const TOO_LONG = 'it has stood by for too long';
const OLD = 'it is of an older version';
const EMPTY = 'it stands by and has no room';

const GROWING: Record<string, Row> = {
  'an empty deployment launches as many as there must be': {
    tasks: [],
    policy: { min_tasks: 3 },
    actions: [launch(3)],
  },
  'enough is free: nothing is done': { tasks: [task('a', { rooms: 80 })], actions: [] },
  'one place less than wanted: one task is launched': {
    tasks: [task('a', { rooms: 81 })],
    actions: [launch(1)],
  },
  'what is starting counts as coming': {
    tasks: [task('a', { rooms: 100 }), starting('b')],
    actions: [],
  },
  'where nothing is to be free, what waits gets a task and nobody else one ahead': {
    tasks: [],
    more: { pending: 1, memory: { demand: [{ at: AT - 5 * MINUTE, used: 0 }] } },
    policy: { min_tasks: 0, room_capacity: 1, upscale: { places: 0, percent: 0 } },
    actions: [launch(1)],
  },
  'rooms that wait are demand': {
    tasks: [task('a', { rooms: 100 })],
    more: { pending: 181 },
    actions: [launch(3)],
  },
  'rooms on a draining task will need places': {
    tasks: [task('a', { rooms: 60 }), task('b', { state: 'DRAINING', rooms: 30 })],
    actions: [launch(1)],
  },
  'rooms on a silent task need places': {
    tasks: [task('a', { rooms: 60 }), task('b', { state: 'SILENT', rooms: 30 })],
    actions: [launch(1)],
  },
  'the margin grows with the rooms in use': {
    tasks: Array.from({ length: 5 }, (_, n) => task(`t${n}`, { rooms: 90 })),
    policy: { upscale: { places: 10, percent: 10 } },
    // 50 places are free, 10 and a tenth of 450 are wanted.
    actions: [launch(1)],
  },
  'a task on STANDBY comes back before one is launched': {
    tasks: [task('a', { rooms: 90 }), task('b', { state: 'STANDBY', rooms: 5 })],
    actions: [activate('b')],
  },
  'of those on STANDBY the fullest comes back first': {
    tasks: [
      task('a', { rooms: 90 }),
      task('b', { state: 'STANDBY', rooms: 5 }),
      task('c', { state: 'STANDBY', rooms: 50 }),
    ],
    actions: [activate('c')],
  },
  'one that is full would be of no use': {
    tasks: [task('a', { rooms: 90 }), task('b', { state: 'STANDBY', rooms: 100 })],
    actions: [launch(1)],
  },
  'what STANDBY does not give is launched': {
    tasks: [task('a', { rooms: 100 }), task('b', { state: 'STANDBY', rooms: 90 })],
    actions: [activate('b'), launch(1)],
  },
  'there is at least the least number of tasks that take rooms': {
    tasks: [task('a'), task('b', { state: 'STANDBY', rooms: 3 })],
    policy: { min_tasks: 2 },
    actions: [activate('b')],
  },
  'no more than may be run, and it says so': {
    tasks: [task('a', { rooms: 100 }), task('b', { rooms: 100 })],
    more: { pending: 500 },
    policy: { max_tasks: 4 },
    actions: [launch(2)],
    limited: 'max_tasks',
  },
  'a draining task counts among those that run': {
    tasks: [task('a', { rooms: 100 }), task('b', { state: 'DRAINING', since: AT })],
    policy: { max_tasks: 2 },
    actions: [],
    limited: 'max_tasks',
  },
  'a very large launch is spread over several plans': {
    tasks: [task('a')],
    more: { pending: 90_000 },
    policy: { max_tasks: 10_000 },
    actions: [launch(500)],
    limited: 'launch_batch',
  },
  'nothing is launched while launches are paused, and it says so': {
    tasks: [task('a', { rooms: 100 })],
    more: { memory: { backoff: { failures: 1, until: AT + 1, cause: 'no machine' } } },
    actions: [],
    limited: 'backoff',
  },
  'after the pause it is tried again': {
    tasks: [task('a', { rooms: 100 })],
    more: { memory: { backoff: { failures: 1, until: AT, cause: 'no machine' } } },
    actions: [launch(1)],
  },
  'demand that grew is expected to grow as much again while a task starts': {
    tasks: [task('a', { rooms: 75 })],
    more: { memory: { demand: [{ at: AT - 2 * MINUTE, used: 65 }] } },
    actions: [launch(1)],
  },
  'growth is forgotten in time': {
    tasks: [task('a', { rooms: 75 })],
    more: {
      memory: {
        demand: [
          { at: AT - 16 * MINUTE, used: 10 },
          { at: AT - 15 * MINUTE, used: 75 },
          { at: AT - MINUTE, used: 75 },
        ],
      },
    },
    actions: [],
  },
};

const SHRINKING: Record<string, Row> = {
  'too much is free, but not for long yet': {
    tasks: [task('a'), task('b')],
    actions: [],
  },
  'the emptiest goes on STANDBY once too much is free for long': {
    tasks: [task('a', { rooms: 10 }), task('b', { rooms: 5 })],
    more: SURPLUS,
    actions: [standby('b')],
  },
  'as many go as leave the middle of both margins free': {
    tasks: [task('a'), task('b'), task('c'), task('d')],
    more: SURPLUS,
    actions: [standby('a'), standby('b'), standby('c')],
  },
  'a task that goes takes the places along that its rooms will need': {
    tasks: [1, 2, 3, 4, 5].map((n) => task(`t${n}`, { rooms: 60 })),
    more: SURPLUS,
    actions: [standby('t1')],
  },
  'so does one that stands by already': {
    tasks: [
      ...[1, 2, 3, 4].map((n) => task(`t${n}`, { rooms: 60 })),
      task('b', { state: 'STANDBY', rooms: 60 }),
    ],
    more: SURPLUS,
    actions: [],
  },
  'there are never fewer than the least number, and it says so': {
    tasks: [task('a'), task('b'), task('c')],
    more: SURPLUS,
    policy: { min_tasks: 2 },
    actions: [standby('a')],
    limited: 'min_tasks',
  },
  'what has come back from STANDBY is not put there in the same plan': {
    tasks: [task('a', { rooms: 99 }), task('b', { state: 'STANDBY' })],
    more: SURPLUS,
    actions: [activate('b')],
  },
  'a task that the fleet does not know is left alone, though its places count': {
    tasks: [task('a', { task_arn: undefined }), task('b', { rooms: 10 })],
    more: SURPLUS,
    actions: [standby('b')],
  },
  'more run than may: the emptiest take no more rooms': {
    tasks: [task('a', { rooms: 90 }), task('b', { rooms: 80 }), task('c', { rooms: 85 })],
    policy: { max_tasks: 2 },
    actions: [standby('b')],
    limited: 'max_tasks',
  },
  'a task on STANDBY without rooms and clients is stopped': {
    tasks: [task('a'), task('b', { state: 'STANDBY' })],
    actions: [end('b', EMPTY)],
  },
  'one with a client that is still there is not': {
    tasks: [task('a'), task('b', { state: 'STANDBY', clients: 1 })],
    actions: [],
  },
  'one with rooms waits for them to end': {
    tasks: [task('a'), task('b', { state: 'STANDBY', rooms: 5, since: AT - 9 * MINUTE })],
    actions: [],
  },
  'but not for ever: its rooms are moved': {
    tasks: [task('a'), task('b', { state: 'STANDBY', rooms: 5, since: AT - 10 * MINUTE })],
    actions: [drain('b', 'STANDBY', TOO_LONG)],
  },
  'they are moved only if that leaves the middle of both margins free': {
    tasks: [
      task('a', { rooms: 0 }),
      task('b', { state: 'STANDBY', rooms: 16, since: AT - 10 * MINUTE }),
      task('c', { state: 'STANDBY', rooms: 15, since: AT - 10 * MINUTE }),
      task('d', { state: 'STANDBY', rooms: 1, since: AT - 10 * MINUTE }),
    ],
    actions: [drain('c', 'STANDBY', TOO_LONG)],
  },
};

const REPLACING: Record<string, Row> = {
  'a replacement is launched for the only task': {
    tasks: [task('a', { rooms: 10, outdated: true })],
    actions: [launch(1)],
  },
  'the old one goes when the new one has the places': {
    tasks: [task('a', { rooms: 10, outdated: true }), task('b')],
    actions: [drain('a', 'READY', OLD)],
  },
  'not before: what starts has none yet': {
    tasks: [task('a', { rooms: 10, outdated: true }), starting('b')],
    actions: [],
  },
  'one after the other in a small fleet, the emptiest first': {
    tasks: [task('a', { rooms: 20, outdated: true }), task('b', { rooms: 10, outdated: true }), task('c')],
    actions: [drain('b', 'READY', OLD)],
  },
  'and the next when the last has gone': {
    tasks: [
      task('a', { rooms: 20, outdated: true }),
      task('b', { rooms: 10, outdated: true, state: 'DRAINING' }),
      task('c'),
    ],
    actions: [],
  },
  'a tenth at a time in a large one': {
    tasks: [
      ...Array.from({ length: 15 }, (_, n) => task(`o${n}`, { rooms: 50 + n, outdated: true })),
      task('n0'),
      task('n1'),
    ],
    policy: { max_tasks: 30, downscale: { places: 2_000, percent: 0 } },
    actions: [drain('o0', 'READY', OLD), drain('o1', 'READY', OLD)],
  },
  'one that stands by goes at once': {
    tasks: [task('a'), task('b', { state: 'STANDBY', rooms: 5, outdated: true })],
    actions: [drain('b', 'STANDBY', OLD)],
  },
  'at the most tasks, the others make room': {
    tasks: [task('a', { rooms: 40, outdated: true }), task('b', { rooms: 30, outdated: true })],
    policy: { max_tasks: 2 },
    actions: [drain('b', 'READY', OLD)],
    limited: 'max_tasks',
  },
  'never below the least number': {
    tasks: [task('a', { rooms: 40, outdated: true }), task('b', { rooms: 30, outdated: true })],
    policy: { min_tasks: 2, max_tasks: 2 },
    actions: [],
    limited: 'max_tasks',
  },
  'for the least number, one more is launched first, however much is free': {
    tasks: [task('a', { outdated: true }), task('b', { outdated: true })],
    policy: { min_tasks: 2 },
    actions: [launch(1)],
  },
  'and none goes while the new one starts': {
    tasks: [task('a', { outdated: true }), task('b', { outdated: true }), starting('c')],
    policy: { min_tasks: 2 },
    actions: [],
  },
  'but when it is there': {
    tasks: [task('a', { outdated: true }), task('b', { outdated: true }), task('c')],
    policy: { min_tasks: 2, downscale: { places: 400, percent: 0 } },
    actions: [drain('a', 'READY', OLD)],
  },
  'nothing is replaced while nothing can be launched: the new version may be at fault': {
    tasks: [task('a', { rooms: 10, outdated: true }), task('b')],
    more: { memory: { backoff: { failures: 3, until: AT + 1, cause: 'it never registered' } } },
    actions: [],
  },
};

const STUCK: Record<string, Row> = {
  'what has not registered in time is stopped, and another launched': {
    tasks: [task('a', { rooms: 90 }), starting('b', 10 * MINUTE)],
    actions: [launch(1), kill('b', 'it has not registered in time')],
  },
  'what should have drained by now is stopped': {
    tasks: [
      task('a', { rooms: 10 }),
      task('b', { state: 'DRAINING', rooms: 1, since: AT - 150_000 }),
      task('c', { state: 'DRAINING', rooms: 1, since: AT - 149_999 }),
    ],
    actions: [kill('b', 'it should have ended by now')],
  },
  'what has nothing left to drain, and does not end, is stopped sooner': {
    tasks: [
      task('a'),
      task('b', { state: 'DRAINING', since: AT - 30_000 }),
      task('c', { state: 'DRAINING', since: AT - 30_000, clients: 1 }),
    ],
    actions: [kill('b', 'it should have ended by now')],
  },
  'but not what the fleet is ending anyway': {
    tasks: [task('a'), task('b', { state: 'DRAINING', since: AT - 60 * MINUTE, stopping: true })],
    actions: [],
  },
  'a silent task that keeps no room is stopped after a while': {
    tasks: [task('a'), task('b', { state: 'SILENT', since: AT - 10 * MINUTE })],
    actions: [kill('b', 'nothing is heard from it')],
  },
  'one that has rooms may still serve them': {
    tasks: [task('a'), task('b', { state: 'SILENT', since: AT - 10 * MINUTE + 1, rooms: 1 })],
    actions: [],
  },
  'so it is asked after ten minutes, and ended if it does not answer': {
    tasks: [task('a'), task('b', { state: 'SILENT', since: AT - 10 * MINUTE, rooms: 1 })],
    actions: [{ ...kill('b', 'it does not answer any more'), unless_answers: 'b' } as ScalingAction],
  },
  'but not where many have fallen silent': {
    tasks: [
      ...['a', 'b', 'c'].map((name) => task(name)),
      ...['d', 'e'].map((name) => task(name, { state: 'SILENT', since: AT - 30 * MINUTE + 1, rooms: 1 })),
    ],
    actions: [],
  },
  'unless they have been for half an hour while others are heard': {
    tasks: [
      task('a'),
      ...['d', 'e'].map((name) => task(name, { state: 'SILENT', since: AT - 30 * MINUTE, rooms: 1 })),
    ],
    policy: { max_tasks: 3 },
    actions: ['d', 'e'].map(
      (name) => ({ ...kill(name, 'it does not answer any more'), unless_answers: name }) as ScalingAction,
    ),
  },
  'and none where nobody is heard': {
    tasks: ['d', 'e'].map((name) => task(name, { state: 'SILENT', since: AT - 60 * MINUTE, rooms: 1 })),
    policy: { max_tasks: 2 },
    actions: [],
    limited: 'max_tasks',
  },
  'a task that somebody else ends is as good as gone': {
    tasks: [task('a', { rooms: 50, stopping: true }), task('b', { rooms: 50 })],
    actions: [launch(1)],
  },
};

const OUTAGE: Record<string, Row> = {
  'in an outage of ours silent tasks come back, with their places': {
    tasks: [task('a', { rooms: 100 }), task('b', { state: 'SILENT', rooms: 50 })],
    more: { outage: 'many leases ran out together' },
    actions: [],
    limited: 'outage',
  },
  'and nothing is taken out': {
    tasks: [
      task('a'),
      task('b'),
      task('c', { state: 'STANDBY' }),
      task('d', { state: 'SILENT', since: AT - 10 * MINUTE }),
      starting('e', 20 * MINUTE),
    ],
    more: { ...SURPLUS, outage: 'many leases ran out together' },
    actions: [],
    limited: 'outage',
  },
  'but rooms that wait beyond that get a task': {
    tasks: [task('a', { rooms: 100 }), task('b', { state: 'SILENT', rooms: 50 })],
    more: { pending: 80, outage: 'many leases ran out together' },
    actions: [launch(1)],
    limited: 'outage',
  },
};

describe.each([
  ['growing', GROWING],
  ['shrinking', SHRINKING],
  ['replacing an older version', REPLACING],
  ['what is stuck', STUCK],
  ['an outage of ours', OUTAGE],
])('the plan, %s:', (_, rows) => {
  it.each(Object.entries(rows))('%s', (_sentence, { tasks, more, policy, actions, limited }) => {
    const { actions: planned, decision } = plan(view(tasks, more), { ...POLICY, ...policy }, AT);
    expect(planned).toEqual(actions);
    expect(decision.limited).toBe(limited);
  });
});
