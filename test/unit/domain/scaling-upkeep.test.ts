import type { ScalingAction } from '../../../shared/domain/scaling-types.ts';
import { launch, drain, kill, SURPLUS, OLD, planTests, type Row } from '../../support/scaling-rows.ts';
import { AT, MINUTE, starting, task } from '../../support/scaling.ts';

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

planTests({ 'replacing an older version': REPLACING, 'what is stuck': STUCK, 'an outage of ours': OUTAGE });
