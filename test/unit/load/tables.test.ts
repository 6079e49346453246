import { describe, expect, it } from 'vitest';
import { LastingBreaches, limitBreaches, tableBreaches, tableSizes } from '../../support/load/tables.ts';

const NOW = 1_000_000;
const task = (id: string, more: object = {}) => ({
  task_id: id,
  room_id: '#task',
  rooms: 0,
  state: 'READY',
  region: 'local',
  kind: 'relay',
  placement: 'local#relay',
  fleet: 'fleet#1',
  ...more,
});
const quota = (held: number) => ({ task_id: '#quota#0', room_id: '#quota', held });
const key = (ttl: number) => ({ room_id: '#key#hash', client_id: '#key', ttl });

describe('tables at rest', () => {
  it('hold the tasks that run, quota rows at 0, and keys that expire', () => {
    const scaling = { task_id: '#scaling#relay', room_id: '#scaling' };
    expect(tableBreaches([task('a'), quota(0), scaling], [key(NOW / 1_000 + 500)], ['a'], NOW)).toEqual([]);
  });

  it.each([
    ['a row of a room', [task('a', { rooms: 1 }), { task_id: 'a', room_id: '00157' }], [], 'is left over'],
    ['a room', [task('a')], [{ room_id: '00157', client_id: '#room' }], 'is left over'],
    [
      'a connection of the control channel',
      [task('a')],
      [{ room_id: '#connection#1', client_id: '#connection' }],
      'is left over',
    ],
    ['a client', [task('a')], [{ room_id: '00157', client_id: 'ann', ticket_hash: 'x' }], 'is left over'],
    ['a count of rooms', [task('a', { rooms: 2 })], [], 'counts 2 rooms'],
    ['a quota', [task('a'), quota(1)], [], 'holds 1'],
    ['a task that is gone', [task('a'), task('b')], [], 'of a task that does not run'],
    ['a lock', [task('a'), { task_id: '#lock', room_id: '#sweep' }], [], 'is left over'],
    ['a key for ever', [task('a')], [key(NOW / 1_000 + 3_600)], 'does not expire in time'],
    ['no task', [], [], 'runs and is not there'],
  ])('must not hold %s', (_what, tasks, rooms, breach) => {
    const breaches = tableBreaches(tasks, rooms, ['a'], NOW);
    expect(breaches.join('\n')).toContain(breach);
    expect(breaches.join('\n'), 'not even the hash of a ticket').not.toContain('ticket_hash');
  });

  it('are counted by what their items are', () => {
    const tasks = [
      task('a'),
      quota(0),
      { task_id: 'a', room_id: '00157' },
      { task_id: '#lock', room_id: '#sweep' },
    ];
    const rooms = [key(1), { room_id: '00157', client_id: '#room' }, { room_id: '00157', client_id: 'ann' }];
    expect(tableSizes(tasks, rooms)).toEqual({
      tasks: 1,
      task_rooms: 1,
      rooms: 1,
      clients: 1,
      keys: 1,
      quota: 1,
      others: 1,
    });
  });
});

describe('the limits', () => {
  const room = (room_id: string) => ({ room_id, client_id: '#room', max_clients: 2 });
  const seat = (room_id: string, client_id: string) => ({ room_id, client_id });
  const rooms = [
    room('00157'),
    room('00158'),
    seat('00157', 'ann'),
    seat('00157', 'bob'),
    seat('00158', 'eve'),
  ];

  it('hold while neither is exceeded and nobody is twice', () => {
    expect(limitBreaches([...rooms, { room_id: '#connections#00157', client_id: 'ann' }], 2)).toEqual([]);
  });

  it.each([
    ['rooms', rooms, 1, 'there are 2 rooms of 1'],
    ['clients', [...rooms, seat('00157', 'dan')], 2, 'room 00157 has 3 clients of 2'],
    ['rooms of one client', [...rooms, seat('00158', 'ann')], 2, 'ann has a seat in rooms 00157 and 00158'],
  ])('are broken by too many %s', (_what, items, max_rooms, breach) => {
    expect(limitBreaches(items, max_rooms)).toEqual([breach]);
  });
});

it('what does not hold is told once, when it was so in enough looks in a row', () => {
  const lasting = new LastingBreaches(3);
  const told = [['a', 'b'], ['a'], ['a', 'b'], ['a', 'b'], ['a', 'b']].map((found) => lasting.look(found));
  expect(told).toEqual([[], [], ['a'], [], ['b']]);
});
