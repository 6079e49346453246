import {
  launch,
  activate,
  standby,
  drain,
  end,
  SURPLUS,
  TOO_LONG,
  EMPTY,
  planTests,
  type Row,
} from '../../support/scaling-rows.ts';
import { AT, MINUTE, starting, task } from '../../support/scaling.ts';

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

planTests({ growing: GROWING, shrinking: SHRINKING });
