import { describe, expect, test } from 'vitest';
import {
  bestOf,
  endingOf,
  limitOf,
  nextRooms,
  P99_LIMIT_US,
  roomsAtLimit,
} from '../../../bench/relay/capacity-search.ts';
import type { Ending, Observed, Rule, Step } from '../../../bench/relay/capacity-search.ts';
import { capacityRow } from '../../../bench/relay/capacity.ts';
import { costOf, taskHour, wireBytes } from '../../../bench/relay/cost.ts';
import type { LoadResult } from '../../../bench/relay/load.ts';
import { relayBenchOptions } from '../../../bench/relay/options.ts';
import { relayTables } from '../../../bench/relay/report.ts';
import type { Row, Run } from '../../../bench/relay/rows.ts';
import { CAPACITY } from '../../../bench/relay/scenarios.ts';
import { BASELINE, OURS_V1 } from '../../../bench/relay/systems.ts';
import { verdictsOf } from '../../../bench/relay/verdicts.ts';

const PART: Rule = { cpu_limit: 0.7, first: 16, most: 2_000 };
const WHOLE: Rule = { ...PART, cpu_limit: Infinity };

/** Searches on a server for which `observe` says what a number of rooms is like. */
function search(rule: Rule, observe: (rooms: number) => Partial<Observed>): Step[] {
  const steps: Step[] = [];
  for (let rooms = nextRooms(steps, rule); rooms !== undefined; rooms = nextRooms(steps, rule)) {
    const calm = {
      cpu: 0,
      p99_us: 500,
      deliveries_per_s: 1,
      offered_per_s: 1,
      generator_utilisation: 0.3,
      waiting: 0,
    };
    const observed = { ...calm, ...observe(rooms) };
    steps.push({ rooms, cpu: observed.cpu, ending: endingOf(observed, rule) });
  }
  return steps;
}

describe('the search for the most rooms', () => {
  test.each([
    ['a room takes as much of the core as every other', (rooms: number) => rooms * 0.004, 175],
    ['further rooms take less', (rooms: number) => 0.04 * rooms ** 0.6, 118],
    ['further rooms take more', (rooms: number) => 0.0002 * rooms ** 1.8, 93],
    ['few are too many', (rooms: number) => rooms * 0.2, 3],
  ])('ends close under the CPU limit where %s', (_, cpu, most) => {
    const steps = search(PART, (rooms) => ({ cpu: cpu(rooms) }));
    const best = bestOf(steps)!;
    expect(best.rooms).toBeLessThanOrEqual(most);
    expect(best.rooms).toBeGreaterThanOrEqual(Math.floor(most * 0.88));
    expect(limitOf(steps, PART)).toBe('cpu');
    expect(steps.length).toBeLessThanOrEqual(7);
  });

  test.each<[Ending, Rule, (rooms: number) => Partial<Observed>]>([
    ['late', WHOLE, (rooms) => ({ cpu: 1, p99_us: rooms > 90 ? P99_LIMIT_US + 1 : P99_LIMIT_US })],
    ['behind', PART, (rooms) => ({ cpu: 0.3, deliveries_per_s: rooms > 90 ? 0.96 : 1 })],
    [
      'generator',
      PART,
      (rooms) => ({ cpu: 0.3, p99_us: rooms > 90 ? 1e6 : 1, generator_utilisation: rooms / 90 }),
    ],
  ])('ends at the last number of rooms before one that is %s', (ending, rule, observe) => {
    const steps = search(rule, observe);
    expect(bestOf(steps)!.rooms).toBeLessThanOrEqual(90);
    expect(bestOf(steps)!.rooms).toBeGreaterThanOrEqual(85);
    expect(limitOf(steps, rule)).toBe(ending);
  });

  test('tries once more what other work has spoiled', () => {
    let disturbed = 0;
    const steps = search(WHOLE, (rooms) => {
      const spoiled = rooms === 32 && disturbed++ === 0;
      return { cpu: 1, p99_us: spoiled ? 1e6 : rooms * 500, waiting: spoiled ? 0.5 : 0 };
    });
    expect(steps.filter(({ rooms }) => rooms === 32).map(({ ending }) => ending)).toEqual([
      'disturbed',
      'carried',
    ]);
    expect(bestOf(steps)!.rooms).toBeGreaterThanOrEqual(94);
  });

  test('ends where no room at all is carried, and where there are no more', () => {
    const none = search(PART, () => ({ cpu: 0.9 }));
    expect(none.map(({ rooms }) => rooms)).toEqual([16, 8, 4, 2, 1]);
    expect(bestOf(none)).toBeUndefined();
    const all = search({ ...WHOLE, most: 100 }, () => ({ cpu: 0.1 }));
    expect(bestOf(all)!.rooms).toBe(100);
    expect(limitOf(all, WHOLE)).toBe('tries');
  });

  test('other work is the limit only where something was late', () => {
    const late = (rooms: number): Partial<Observed> => ({
      cpu: 0.3,
      p99_us: rooms > 20 ? 1e6 : 1,
      waiting: 0.8,
    });
    expect(limitOf(search(PART, late), PART)).toBe('disturbed');
    expect(
      limitOf(
        search(PART, (rooms) => ({ cpu: rooms * 0.01, waiting: 0.8 })),
        PART,
      ),
    ).toBe('cpu');
  });

  test('a busy generator is no limit while all comes in time', () => {
    const observed = {
      cpu: 0.5,
      p99_us: 900,
      deliveries_per_s: 1,
      offered_per_s: 1,
      generator_utilisation: 0.99,
      waiting: 0,
    };
    expect(endingOf(observed, PART)).toBe('carried');
    expect(endingOf({ ...observed, cpu: 0.71 }, PART)).toBe('busy');
  });

  test('the CPU of those measured says how many take all that may be used', () => {
    expect(roomsAtLimit({ rooms: 60, cpu: 0.5 }, PART)).toBe(84);
  });
});

describe('costs', () => {
  test('a frame has its header, and headers of TCP and IP for each segment', () => {
    expect(wireBytes(106)).toBe(106 + 2 + 52);
    expect(wireBytes(125)).toBe(125 + 2 + 52);
    expect(wireBytes(126)).toBe(126 + 4 + 52);
    expect(wireBytes(1_444)).toBe(1_448 + 52);
    expect(wireBytes(1_445)).toBe(1_449 + 2 * 52);
    expect(wireBytes(65_536)).toBe(65_546 + 46 * 52);
  });

  test('are of a thousand members in an hour', () => {
    expect(taskHour()).toBeCloseTo(0.04937, 6);
    const cost = costOf({ members: 400, bytes_s: 28_800 });
    expect(cost.tasks).toBe(2.5);
    expect(cost.tasks_usd).toBeCloseTo(0.123425, 6);
    expect(cost.gb_out).toBeCloseTo(103.68, 6);
    expect(cost.transfer_usd).toBeCloseTo(9.3312, 6);
    expect(() => costOf({ members: 0, bytes_s: 1 })).toThrow(RangeError);
  });
});

const POSES = CAPACITY[0]!;

/** A run of two seconds of `rooms` rooms of poses, all delivered. */
function poses(rooms: number, more: Partial<LoadResult> = {}): Run {
  const result: LoadResult = {
    deliveries: rooms * 3_600,
    messages_sent: rooms * 400,
    seconds: 2,
    server_cpu_s: 1,
    generator_cpu_s: 1,
    p50_us: 200,
    p99_us: 900,
    p999_us: 2_000,
    max_us: 3_000,
    errors: { lost: 0, order: 0, duplicate: 0, content: 0, foreign: 0, closed: 0 },
    first_error: null,
    ...more,
  };
  return { kind: 'measured', result };
}

const tried = (
  rooms: number,
  cpu: number,
  ending: Ending,
  waiting = 0,
): Step & { waiting: number; run: Run } => ({
  rooms,
  cpu,
  waiting,
  ending,
  run: poses(rooms, { server_cpu_s: 2 * cpu }),
});

describe('a row of capacity', () => {
  const carried = capacityRow(OURS_V1, POSES, [tried(16, 0.3, 'carried'), tried(40, 0.68, 'carried')]);
  const limited = capacityRow(BASELINE, POSES, [tried(30, 0.42, 'carried'), tried(31, 0.44, 'generator')]);

  test('has the figures of the most rooms that were carried', () => {
    expect(carried).toMatchObject({
      system: OURS_V1,
      scenario: POSES.name,
      deliveries_per_s: 72_000,
      offered_per_s: 72_000,
      errors: 0,
      capacity: { rooms: 40, members: 400, cpu_share: 0.68, limit: 'cpu', extrapolated_members: null },
    });
    expect(carried.capacity!.mbit_out_per_s).toBeCloseTo((72_000 * 160 * 8) / 1e6, 6);
    expect(carried.capacity!.cost).toEqual(costOf({ members: 400, bytes_s: 180 * 160 }));
  });

  test('is extrapolated where the generator was the limit, and says so', () => {
    expect(limited.capacity).toMatchObject({ members: 300, limit: 'generator', extrapolated_members: 500 });
    expect(limited.capacity!.cost.tasks).toBe(2);
    expect(relayTables([limited])).toContain('the generator is the limit: 500 members, extrapolated');
    const whole = CAPACITY.find(({ name }) => name === `${POSES.name}, whole core`)!;
    const row = capacityRow(BASELINE, whole, [tried(30, 0.97, 'carried'), tried(31, 0.98, 'generator')]);
    expect(row.capacity).toMatchObject({ members: 300, extrapolated_members: null });
    expect(relayTables([row])).toContain('with more the generator is the limit');
  });

  test('says when other work ran beside it', () => {
    const row = capacityRow(OURS_V1, POSES, [tried(16, 0.69, 'carried', 0.4)]);
    expect(row.capacity!.waiting_share).toBe(0.4);
    expect(relayTables([row])).toMatch(/50 % +beside other work$/m);
    expect(relayTables([carried])).not.toContain('beside other work');
  });

  test('without any that was carried has no capacity', () => {
    const row = capacityRow(BASELINE, POSES, [
      { ...tried(1, 0, 'failed'), run: { kind: 'failed', reason: 'it died' } },
    ]);
    expect(row.capacity).toBeUndefined();
    expect(row).toMatchObject({ errors: 1, first_error: 'it died' });
    expect(relayTables([row])).toMatch(/no number of rooms was carried; 1 errors: it died/);
    expect(verdictsOf([carried, row]).map(({ held }) => held)).toEqual([undefined]);
  });

  test('stands in a table of what is carried and in one of what it costs', () => {
    const text = relayTables([carried, limited]);
    expect(text).toMatch(/^anteroom v1 +40 +400 +72,000 +92\.2 +68 % +9\.44 +200 +900 +50 %$/m);
    expect(text).toMatch(/^anteroom v1 +2\.50 +\$ 0\.12 +104 +\$ 9\.33$/m);
  });

  test('is held if ours carries no fewer members', () => {
    const held = (rows: readonly Row[]): unknown[] => verdictsOf(rows).map((verdict) => verdict.held);
    expect(held([carried, limited])).toEqual([false]);
    const less = capacityRow(BASELINE, POSES, [tried(39, 0.68, 'carried')]);
    expect(held([carried, less])).toEqual([true]);
    expect(verdictsOf([carried, less])[0]!.text).toContain('v1 carries 400 members on a core');
  });
});

describe('options', () => {
  test('--capacity measures ours and the baseline, and nothing else', () => {
    const { systems, ...options } = relayBenchOptions(['--capacity', '--tls']);
    expect(systems.map(({ name }) => name)).toEqual([OURS_V1, BASELINE]);
    expect(options).toMatchObject({ scenarios: [], idle: false, inside: false, capacity: CAPACITY });
    expect(relayBenchOptions(['--capacity', '--inside'])).toMatchObject({ inside: true, capacity: CAPACITY });
    expect(() => relayBenchOptions(['--capacity', '--only', 'video'])).toThrow(
      '--capacity goes without --only',
    );
  });

  test('a full run has it, a quick one has not; --only chooses', () => {
    expect(relayBenchOptions([]).capacity).toEqual(CAPACITY);
    expect(relayBenchOptions(['--quick']).capacity).toEqual([]);
    expect(relayBenchOptions(['--inside']).capacity).toEqual([]);
    expect(relayBenchOptions(['--only', '1x500']).capacity).toEqual([]);
    const { capacity, scenarios } = relayBenchOptions(['--only', 'capacity video']);
    expect(capacity.map(({ name }) => name)).toEqual(['capacity video', 'capacity video, whole core']);
    expect(scenarios).toEqual([]);
  });
});
