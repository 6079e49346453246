import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { taskConfig } from '../../../shared/config/settings.ts';
import { MAX_SLOT } from '../../../shared/protocol/frame.ts';
import { Addresses } from '../../../stream-task/addresses.ts';
import { publicUrl } from '../../../stream-task/address.ts';
import { networkInterfaceOf } from '../../../stream-task/ecs-address.ts';
import { backoff } from '../../../stream-task/backoff.ts';
import { Connects } from '../../../stream-task/connects.ts';
import { createCounts } from '../../../stream-task/counts.ts';
import { createLog } from '../../../stream-task/log.ts';
import { LostRooms } from '../../../stream-task/lost-rooms.ts';
import { createMetrics } from '../../../stream-task/metrics.ts';
import { Rate } from '../../../stream-task/rate.ts';
import { SeatedRoom, takeSlot, type Seat } from '../../../stream-task/seats.ts';
import { taskId } from '../../../stream-task/task.ts';
import { Turns } from '../../../stream-task/turns.ts';

describe('rate', () => {
  it('[R37] lets a burst of two seconds through, then the sustained rate', () => {
    const rate = new Rate({ messages_per_second: 10, bytes_per_second: 1_000, largest_message: 100 }, 0);
    const taken = (now: number): number => {
      let count = 0;
      while (rate.take(1, now)) count++;
      return count;
    };
    expect(taken(0)).toBe(20);
    expect(taken(500)).toBe(5);
    expect(taken(1_500)).toBe(10);
    expect(taken(100_000)).toBe(20);
  });

  it('[R37] counts bytes, and always lets one message of the largest size through', () => {
    const rate = new Rate({ messages_per_second: 1_000, bytes_per_second: 100, largest_message: 5_000 }, 0);
    expect(rate.take(5_000, 0)).toBe(true);
    expect(rate.take(1, 0)).toBe(false);
    expect(rate.take(100, 1_000)).toBe(true);
    expect(rate.take(1, 1_000)).toBe(false);
    expect(rate.take(5_000, 60_000)).toBe(true);
  });

  it('[R51] lets what a client sent at its rate while nothing was read through on top', () => {
    const rate = new Rate({ messages_per_second: 10, bytes_per_second: 1_000, largest_message: 100 }, 0);
    rate.excuse(10_000);
    let taken = 0;
    while (rate.take(1, 10_000)) taken++;
    expect(taken).toBe(120);
    expect(rate.take(1, 10_050)).toBe(false);
    while (rate.take(1, 100_000)) taken++;
    expect(taken, 'no more than a burst later on').toBe(140);
  });

  it('[R51] does not excuse more of a long standstill than the network holds', () => {
    const rate = new Rate({ messages_per_second: 10, bytes_per_second: 1_000, largest_message: 100 }, 0);
    rate.excuse(3_600_000);
    let taken = 0;
    while (rate.take(1, 3_600_000)) taken++;
    expect(taken).toBe(170);
  });

  it('never lets more through than burst and rate allow', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(50)), { maxLength: 200 }), (steps) => {
        const rate = new Rate({ messages_per_second: 20, bytes_per_second: 300, largest_message: 50 }, 0);
        let now = 0;
        let bytes = 0;
        let messages = 0;
        for (const [pause, size] of steps) {
          now += pause;
          if (!rate.take(size, now)) continue;
          bytes += size;
          messages++;
        }
        expect(messages).toBeLessThanOrEqual(40 + (20 * now) / 1_000 + 1e-6);
        expect(bytes).toBeLessThanOrEqual(600 + (300 * now) / 1_000 + 1e-6);
      }),
    );
  });
});

describe('slots', () => {
  const seat = (slot: number): Seat => ({
    client_id: `client ${slot}`,
    ticket_hash: '',
    generation: 1,
    slot,
    connect_by: 0,
    rate: undefined,
    presence: { kind: 'waiting', timer: undefined },
  });

  it('[R22] go round before one is given again, and skip those that are held', () => {
    const room = new SeatedRoom({ room_id: '10000', created_at: 1, epoch: 1, max_clients: 10 }, new Turns());
    for (let n = 0; n < 5; n++) {
      const slot = takeSlot(room);
      expect(slot).toBe(n);
      if (n === 1) room.seats.set('client 1', seat(slot));
    }
    room.next_slot = MAX_SLOT;
    expect([takeSlot(room), takeSlot(room), takeSlot(room)]).toEqual([MAX_SLOT, 0, 2]);
  });

  it('are refused when all are held', () => {
    const room = new SeatedRoom({ room_id: '10000', created_at: 1, epoch: 1, max_clients: 10 }, new Turns());
    for (let slot = 0; slot <= MAX_SLOT; slot++) room.seats.set(String(slot), seat(slot));
    expect(() => takeSlot(room)).toThrow(RangeError);
  });
});

describe('backoff', () => {
  it('is any time up to a bound that doubles until the longest', () => {
    expect([1, 2, 3, 10, 2_000].map((attempt) => backoff(attempt, 100, 1_000, () => 1))).toEqual([
      100, 200, 400, 1_000, 1_000,
    ]);
    expect(backoff(5, 100, 1_000, () => 0)).toBe(0);
  });
});

describe('connects', () => {
  const connect = (generation: number) => ({ room_id: '10000', epoch: 1, client_id: 'a', generation });

  it('keeps what was not told, and what came anew while a call was under way', () => {
    const connects = new Connects();
    connects.add(connect(1));
    const told = connects.list();
    connects.add(connect(2));
    connects.answered(told);
    expect(connects.list()).toEqual([connect(2)]);
    connects.answered(connects.list());
    expect(connects.list()).toEqual([]);
  });

  it('lets the oldest go when there are too many, but none for a client that waits already', () => {
    const connects = new Connects();
    const of = (n: number, generation = 1) => ({ ...connect(generation), client_id: `client ${n}` });
    for (let n = 0; n < 100_000; n++) connects.add(of(n));
    connects.add(of(5, 2));
    expect(connects.size).toBe(100_000);
    expect(connects.list()[0]).toEqual(of(0));
    connects.add(of(100_000));
    expect(connects.size).toBe(100_000);
    expect(connects.list()[0]).toEqual(of(1));
  });
});

describe('lost rooms', () => {
  const client = (hash: string, fate: 'moved' | 'gone' = 'moved') => ({
    hashes: new Map([['a', hash]]),
    fate,
  });

  it('hold a room at its highest lost epoch and below', () => {
    const lost = new LostRooms(1_000);
    lost.add('first', 5, 0);
    lost.add('first', 3, 0);
    expect([lost.has('first', 5), lost.has('first', 6), lost.has('other', 1)]).toEqual([true, false, false]);
  });

  it('[R53] are remembered for as long as a register may be under way, however many there are', () => {
    const lost = new LostRooms(1_000);
    lost.add('first', 1, 0);
    for (let n = 0; n < 20_000; n++) lost.add(`room ${n}`, 1, n / 20);
    expect(lost.has('first', 1)).toBe(true);
    lost.add('last', 1, 1_001);
    expect([lost.has('first', 1), lost.has('room 100', 1)]).toEqual([false, true]);
    lost.add('later', 1, 10_000);
    expect(lost.size, 'nothing piles up').toBe(1);
  });

  it('[R52] know the tickets of their clients by the latest time', () => {
    const lost = new LostRooms(1_000);
    lost.add('room', 1, 0, client('first'));
    lost.add('room', 3, 0, client('second', 'gone'));
    expect(lost.client('room', 'a')).toEqual({ hash: 'second', fate: 'gone' });
    lost.add('room', 4, 0);
    expect(lost.client('room', 'a'), 'nobody had come').toEqual({ hash: 'second', fate: 'gone' });
    expect([lost.client('room', 'b'), lost.client('other', 'a')]).toEqual([undefined, undefined]);
  });
});

describe('configuration', () => {
  it('does not take a budget that one message could use up', () => {
    const env = { ROUTER_URL: 'http://r', ROUTER_SECRET_ID: 's', REGION: 'r' };
    expect(() => taskConfig({ ...env, MAX_FRAME_BYTES: '100000', SEND_BUDGET: '199999' })).toThrow(
      'SEND_BUDGET must be at least twice MAX_FRAME_BYTES',
    );
    expect(taskConfig({ ...env, MAX_FRAME_BYTES: '100000', SEND_BUDGET: '200000' }).SEND_BUDGET).toBe(
      200_000,
    );
  });
});

describe('identity', () => {
  const ecs = {
    cluster: 'c',
    task_arn: 'arn:aws:ecs:eu-north-1:000000000000:task/c/0123456789abcdef0123456789abcdef',
  };

  it('is what the operator says, else the id in ECS, else random', () => {
    expect(taskId({ TASK_ID: 'mine' }, ecs)).toBe('mine');
    expect(taskId({ TASK_ID: undefined }, ecs)).toBe('0123456789abcdef0123456789abcdef');
    const random = taskId({ TASK_ID: undefined }, undefined);
    expect(random).toMatch(/^[0-9a-f-]{36}$/);
    expect(taskId({ TASK_ID: undefined }, undefined)).not.toBe(random);
  });

  it('has a url, with an IPv6 address in brackets', () => {
    expect(publicUrl({ PUBLIC_URL: undefined }, '203.0.113.7', 5_001)).toBe('ws://203.0.113.7:5001');
    expect(publicUrl({ PUBLIC_URL: undefined }, '2001:db8::1', 5_001)).toBe('ws://[2001:db8::1]:5001');
    expect(publicUrl({ PUBLIC_URL: 'wss://t.example' }, '203.0.113.7', 5_001)).toBe('wss://t.example');
  });

  it('finds the network interface among the attachments of a task', () => {
    const details = [
      { name: 'subnetId', value: 'subnet-1' },
      { name: 'networkInterfaceId', value: 'eni-1' },
    ];
    expect(
      networkInterfaceOf({
        attachments: [
          { type: 'Service Connect', details: [] },
          { type: 'ElasticNetworkInterface', details },
        ],
      }),
    ).toBe('eni-1');
    expect(networkInterfaceOf({ attachments: [] })).toBeUndefined();
    expect(networkInterfaceOf({})).toBeUndefined();
  });
});

describe('metrics', () => {
  it('show the counts as of the scrape, and put close codes of no one into one series', async () => {
    const counts = createCounts();
    const metrics = createMetrics(counts, { rooms: () => 3, clients: () => 4, sockets: () => 5 });
    counts.messages_in = 5;
    counts.closes.set(4429, 2);
    counts.closes.set(3_001, 1);
    counts.closes.set(3_002, 1);
    counts.registers.set('stale_epoch', 7);
    await metrics.metrics();
    counts.messages_in = 6;
    const text = await metrics.metrics();
    expect(text).toContain('\nanteroom_rooms 3\n');
    expect(text).toContain('\nanteroom_clients 4\n');
    expect(text).toContain('\nanteroom_messages_received_total 6\n');
    expect(text).toContain('\nanteroom_closes_total{code="4429"} 2\n');
    expect(text).toContain('\nanteroom_closes_total{code="other"} 2\n');
    expect(text).toContain('\nanteroom_registers_total{outcome="stale_epoch"} 7\n');
    expect(text).not.toContain('3001');
  });
});

describe('log', () => {
  it('prints no secret, wherever it stands', () => {
    let text = '';
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    });
    const log = createLog('info', { task_id: 't' }, sink);
    const secret = 'do-not-print';
    log.info({ ticket: secret, client: { ticket: secret, ticket_hash: secret } }, 'one');
    log.info({ req: { headers: { authorization: secret, 'sec-websocket-protocol': secret } } }, 'two');
    log.child({ token: secret }).info({ secret }, 'three');
    expect(text).not.toContain(secret);
    expect(text.trim().split('\n')).toHaveLength(3);
    expect(JSON.parse(text.split('\n')[0]!)).toMatchObject({
      level: 'info',
      service: 'stream-task',
      task_id: 't',
    });
  });
});

describe('addresses', () => {
  it('[R8] counts the sockets that are open', () => {
    const addresses = new Addresses();
    expect([addresses.opened('2001:db8::1'), addresses.opened('2001:db8::2')]).toEqual([1, 2]);
    addresses.closed('2001:db8::1');
    expect([addresses.of('2001:db8::3'), addresses.of('2001:db9::1')]).toEqual([1, 0]);
  });
});
