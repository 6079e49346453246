import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clairvoyantTime } from '../../../bench/fleet/clairvoyant.ts';
import { arrivalsOf, DAY, DAYS, HOUR, MINUTE, type Arrivals } from '../../../bench/fleet/day.ts';
import { Agenda, RoomQueue } from '../../../bench/fleet/heaps.ts';
import { Meter, quantileOf } from '../../../bench/fleet/meter.ts';
import { Places } from '../../../bench/fleet/places.ts';
import { launchedTask } from '../../../bench/fleet/tasks.ts';
import { Waiting } from '../../../bench/fleet/waiting.ts';
import { seededRandom } from '../../support/random.ts';

const arrivals = (rooms: readonly (readonly [at: number, lasts: number])[]): Arrivals => {
  const sorted = rooms.toSorted(([a], [b]) => a - b);
  return {
    at: Float64Array.from(sorted, ([at]) => at),
    lasts: Float64Array.from(sorted, ([, lasts]) => lasts),
  };
};

describe('the clairvoyant minimum', () => {
  const whole = { from: -1_000, to: 1_000 };
  const least = (rooms: readonly (readonly [number, number])[], capacity = 2, boot = 10): number =>
    clairvoyantTime(arrivals(rooms), capacity, boot, whole);

  it.each<[string, number, number]>([
    ['one room: its task boots before it and ends with it', least([[0, 100]]), 110],
    [
      'two rooms share a task',
      least([
        [0, 100],
        [50, 100],
      ]),
      160,
    ],
    [
      'a third needs another, for as long as there are three',
      least([
        [0, 100],
        [0, 100],
        [40, 30],
      ]),
      110 + 40,
    ],
    [
      'a pause as long as the boot is bridged',
      least([
        [0, 100],
        [110, 100],
      ]),
      220,
    ],
    [
      'over a longer one the task is launched anew',
      least([
        [0, 100],
        [111, 100],
      ]),
      220,
    ],
    [
      'rooms move for nothing: two halves are one whole',
      least([
        [0, 100],
        [0, 30],
        [0, 100],
        [0, 30],
      ]),
      110 + 40,
    ],
    [
      'what ends at an instant makes place at it',
      least([
        [0, 50],
        [0, 50],
        [50, 50],
      ]),
      110,
    ],
  ])('%s', (_, hours, expected) => {
    expect(hours).toBe(expected);
  });

  it('counts what is within the span, boots included', () => {
    const rooms = arrivals([
      [-20, 40],
      [100, 40],
    ]);
    expect(clairvoyantTime(rooms, 1, 10, { from: 0, to: 95 })).toBe(20 + 5);
  });

  it('is the least of all ways to keep or stop tasks in pauses', () => {
    /** Of each number of tasks at each instant the cheapest way there: slow, and surely right. */
    const searched = (
      rooms: readonly (readonly [number, number])[],
      capacity: number,
      boot: number,
    ): number => {
      const end = Math.max(...rooms.map(([at, lasts]) => at + lasts));
      let costs = new Map<number, number>([[0, 0]]);
      for (let t = 0; t <= end; t++) {
        const open = rooms.filter(([at, lasts]) => at <= t && at + lasts > t).length;
        const next = new Map<number, number>();
        for (const [tasks, cost] of costs) {
          for (let up = Math.ceil(open / capacity); up <= rooms.length; up++) {
            const sum = cost + Math.max(0, up - tasks) * boot + up;
            if (sum < (next.get(up) ?? Infinity)) next.set(up, sum);
          }
        }
        costs = next;
      }
      return Math.min(...costs.values());
    };
    const room = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 12 }));
    fc.assert(
      fc.property(
        fc.array(room, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 6 }),
        (rooms, capacity, boot) => {
          expect(least(rooms, capacity, boot)).toBe(searched(rooms, capacity, boot));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a day of rooms', () => {
  const [event_day, quiet_day] = DAYS as [(typeof DAYS)[0], (typeof DAYS)[0]];

  it('has as many as were asked for, in order, and the same ones for a seed', () => {
    const day = arrivalsOf(event_day, 20_000, 7, HOUR);
    expect(day.at).toEqual(day.at.toSorted());
    expect(day.at[0]).toBeGreaterThanOrEqual(-HOUR);
    expect(day.at.filter((at) => at >= 0 && at < DAY).length / 20_000).toBeCloseTo(1, 2);
    expect(arrivalsOf(event_day, 20_000, 7, HOUR)).toEqual(day);
    expect(arrivalsOf(event_day, 20_000, 8, HOUR)).not.toEqual(day);
  });

  it('has its peak in the evening, and bursts where events end', () => {
    const within = (day: Arrivals, from: number, to: number): number =>
      day.at.filter((at) => at >= from && at < to).length;
    const [event, quiet] = [event_day, quiet_day].map((day) => arrivalsOf(day, 60_000, 7, HOUR)) as [
      Arrivals,
      Arrivals,
    ];
    expect(within(quiet, 20 * HOUR, 21 * HOUR) / within(quiet, 4 * HOUR, 5 * HOUR)).toBeGreaterThan(9);
    const after = [21 * HOUR, 21 * HOUR + 3 * MINUTE] as const;
    // 0.4 % of the rooms, of which 5 % come later than that.
    expect(within(event, ...after) - within(quiet, ...after)).toBeGreaterThan(150);
  });

  it('has rooms that last 23 minutes on average, one in four of them a glance', () => {
    const { lasts } = arrivalsOf(quiet_day, 60_000, 7, HOUR);
    const mean = lasts.reduce((sum, ms) => sum + ms, 0) / lasts.length;
    expect(mean / MINUTE).toBeGreaterThan(22);
    expect(mean / MINUTE).toBeLessThan(24);
    expect(lasts.filter((ms) => ms < 90_000).length / lasts.length).toBeCloseTo(0.16, 1);
  });
});

describe('the queues', () => {
  it('give what is due next, whatever the order in which it came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 3_000 }), (times) => {
        const [rooms, agenda] = [new RoomQueue(), new Agenda()];
        const acted: number[] = [];
        times.forEach((at, i) => {
          rooms.put(at, i);
          agenda.put(at, () => acted.push(i));
        });
        const ended: number[] = [];
        while (rooms.next < Infinity) ended.push(times[rooms.take()]!);
        while (agenda.next < Infinity) agenda.take()();
        expect(ended).toEqual(times.toSorted((a, b) => a - b));
        expect(acted).toEqual(times.map((_, i) => i).toSorted((a, b) => times[a]! - times[b]! || a - b));
      }),
      { numRuns: 50 },
    );
  });

  it('keep who waits in order', () => {
    const waiting = new Waiting();
    waiting.put(4, 10);
    waiting.put(2, 11);
    expect([waiting.length, waiting.first()]).toEqual([2, { room: 4, since: 10 }]);
    waiting.drop();
    expect(waiting.first()).toEqual({ room: 2, since: 11 });
    waiting.drop();
    expect([waiting.length, waiting.first()]).toEqual([0, undefined]);
  });
});

describe('places', () => {
  const fleet = (tasks: number, capacity: number, placement: 'spread' | 'packed' = 'spread') => {
    const random = seededRandom(3);
    const places = new Places(1_000, capacity, placement, () => random.fraction());
    const all = Array.from({ length: tasks }, (_, n) => launchedTask(n, 'relay', capacity, 0));
    for (const task of all) places.index.add(task);
    return { places, all };
  };
  const rooms = (tasks: readonly { rooms: number }[]): number[] => tasks.map((task) => task.rooms);

  it('are given until all are taken, and again when one is free', () => {
    const { places, all } = fleet(12, 5);
    for (let room = 0; room < 60; room++) expect(places.place(room)).toBe(true);
    expect(rooms(all)).toEqual(all.map(() => 5));
    expect(places.place(60)).toBe(false);
    const task = places.taskOf(17)!;
    places.leave(17);
    expect(places.place(60)).toBe(true);
    expect(places.taskOf(60)).toBe(task);
    expect([places.open, places.taskOf(17)]).toEqual([60, undefined]);
  });

  it('spread evenly, or fill one task after the other, as the product does', () => {
    const spread = fleet(10, 50);
    for (let room = 0; room < 200; room++) spread.places.place(room);
    expect(Math.max(...rooms(spread.all)) - Math.min(...rooms(spread.all))).toBeLessThanOrEqual(3);
    const packed = fleet(10, 50, 'packed');
    for (let room = 0; room < 120; room++) packed.places.place(room);
    expect(
      rooms(packed.all)
        .toSorted((a, b) => b - a)
        .slice(0, 4),
    ).toEqual([50, 50, 20, 0]);
  });

  it('are not looked for on tasks that have died, three of them at most', () => {
    const { places, all } = fleet(4, 5);
    all[0]!.alive = all[1]!.alive = false;
    for (let room = 0; room < 10; room++) expect(places.place(room)).toBe(true);
    expect(rooms(all)).toEqual([0, 0, 5, 5]);
    expect(places.place(10)).toBe(false);
    places.leave(0);
    all[2]!.alive = all[3]!.alive = false;
    expect(places.place(10)).toBe(false);
  });

  it('of a task that drains go to others, and none is left behind', () => {
    const { places, all } = fleet(2, 5);
    for (let room = 0; room < 6; room++) places.place(room);
    const [from, to] = all as [(typeof all)[0], (typeof all)[0]];
    places.index.remove(from);
    for (const room of from.room_list.slice(0, 2)) expect(places.move(room)).toBe(true);
    expect(places.move(from.room_list[0]!)).toBe(false);
    expect([rooms(all), places.open]).toEqual([[1, 5], 6]);
    expect(to.room_list.every((room) => places.taskOf(room) === to)).toBe(true);
  });
});

describe('the meter', () => {
  it('counts only what is of the day', () => {
    const meter = new Meter({ from: 0, to: 100 });
    meter.spent('READY', -10, 30);
    meter.spent('READY', 90, 130);
    meter.spent('STANDBY', 120, 130);
    expect([meter.time.READY, meter.time.STANDBY]).toEqual([40, 0]);
    expect([-1, 0, 99, 100].map((at) => meter.counts(at))).toEqual([false, true, true, false]);
  });

  it('knows quantiles of what it has counted', () => {
    expect([0.05, 0.5, 0.95].map((share) => quantileOf([1, 0, 8, 1], share))).toEqual([0, 2, 3]);
    expect(quantileOf([0, 0], 0.5)).toBeUndefined();
  });
});
