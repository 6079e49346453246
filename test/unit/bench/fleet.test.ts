import { describe, expect, it } from 'vitest';
import { frontierChart } from '../../../bench/fleet/chart.ts';
import { frontierOf, PERCENTS } from '../../../bench/fleet/frontier.ts';
import { Help } from '../../../scripts/command-line.ts';
import { fleetBenchOptions, USAGE } from '../../../bench/fleet/options.ts';
import { frontierTable, goalsOf, percent, resultTable } from '../../../bench/fleet/report.ts';
import { dayOfRooms, simulateDays, type FleetResult } from '../../../bench/fleet/result.ts';

/** A day as the options say, of few rooms. */
function simulated(...args: string[]): FleetResult {
  const { setup, rooms, seeds } = fleetBenchOptions(['--rooms', '5000', '--capacity', '5', ...args]);
  const days = seeds.map((seed) => dayOfRooms(setup, rooms, seed));
  return simulateDays(setup, days);
}
const NARROW = ['--upscale', '0', '--downscale', '5'];

describe('a simulated day', () => {
  it('loses no room: each was admitted at once, waited, gave up or was refused', () => {
    for (const args of [
      NARROW,
      [...NARROW, '--tasks', '20'],
      [...NARROW, '--life', '5', '--failures', '50'],
    ]) {
      const { asked, at_once, waits, gave_up, refused, still_waiting, late_by_hour } = simulated(...args);
      expect(asked).toBeGreaterThan(4_950);
      expect(still_waiting).toBeGreaterThanOrEqual(0);
      expect(at_once + waits.count + gave_up + refused + still_waiting).toBe(asked);
      expect(late_by_hour.reduce((sum, count) => sum + count, 0)).toBe(asked - at_once);
    }
  });

  it('is the same for the same seed, and another for another', () => {
    /** All but the time that it took. */
    const result = (seed: string): unknown => ({
      ...simulated('--rooms', '1000', '--seed', seed),
      plan: undefined,
    });
    expect(result('4')).toEqual(result('4'));
    expect(result('5')).not.toEqual(result('4'));
  });

  it('admits more at once with a larger margin, which costs more, and never less than the minimum', () => {
    const narrow = simulated(...NARROW);
    const wide = simulated('--upscale', '20+20%', '--downscale', '30+20%');
    expect(wide.at_once_share).toBeGreaterThan(narrow.at_once_share);
    expect(wide.over).toBeGreaterThan(narrow.over);
    expect(narrow.over).toBeGreaterThan(0);
    expect(wide.clairvoyant_hours).toBe(narrow.clairvoyant_hours);
    expect(narrow.waits.p50_ms).toBeGreaterThan(1_000);
    expect(narrow.waits.most_ms).toBeLessThanOrEqual(5 * 60_000);
  });

  it('has a fleet that follows the rooms, evenly loaded, within its limits', () => {
    const { fill, most_tasks, changes, moves, task_hours, clairvoyant_hours } = simulated();
    expect(most_tasks * 24).toBeGreaterThan(1.3 * task_hours.all);
    expect(fill!.ratio).toBeLessThan(2.5);
    expect(changes.standby).toBeGreaterThanOrEqual(changes.drained + changes.activated);
    expect(moves).toBeGreaterThan(0);
    const { starting, ready, standby, draining, all } = task_hours;
    expect(starting + ready + standby + draining).toBeCloseTo(all);
    expect(ready).toBeGreaterThan(clairvoyant_hours * 0.9);
    expect(simulated('--tasks', '20').most_tasks).toBe(20);
  });

  it('refuses or keeps waiting what the most tasks cannot take', () => {
    const { at_once_share, waits, refused, gave_up } = simulated('--tasks', '12');
    expect(at_once_share).toBeLessThan(0.9);
    expect(waits.count + refused + gave_up).toBeGreaterThan(500);
  });

  it('places rooms of dead tasks anew, and launches again what did not start', () => {
    const { rehomed, changes } = simulated('--life', '10', '--failures', '20');
    expect(changes.died).toBeGreaterThan(10);
    expect(rehomed).toBeGreaterThan(changes.died);
    expect(changes.not_launched).toBeGreaterThan(10);
  });

  it('puts the days of several seeds together', () => {
    const [a, b, both] = [
      ['--seed', '1'],
      ['--seed', '2'],
      ['--seeds', '2'],
    ].map((args) => simulated(...args)) as [FleetResult, FleetResult, FleetResult];
    expect(both.asked).toBe(a.asked + b.asked);
    expect(both.task_hours.all).toBeCloseTo(a.task_hours.all + b.task_hours.all);
    expect(both.over).toBeGreaterThanOrEqual(Math.min(a.over, b.over));
    expect(both.over).toBeLessThanOrEqual(Math.max(a.over, b.over));
  });
});

describe('what the simulator says', () => {
  const { setup } = fleetBenchOptions(['--capacity', '10', '--upscale', '5', '--downscale', '50']);
  const days = [dayOfRooms(setup, 1_000, 1)];
  const told: string[] = [];
  const points = frontierOf(setup, days, (line) => told.push(line));

  it('has a point for what was set and for each margin and placement', () => {
    expect(points).toHaveLength(1 + 2 * PERCENTS.length);
    expect(points.filter(({ given }) => given)).toMatchObject([{ downscale: { places: 50, percent: 0 } }]);
    expect(told).toContain('packed 5+8%/15+8%');
    const costs = points.filter(({ placement, given }) => placement === 'spread' && !given);
    expect(costs.at(-1)!.result.over).toBeGreaterThan(costs[0]!.result.over);
  });

  it('draws them, the same picture for the same points', () => {
    const chart = frontierChart(points, 'a <test>');
    expect(frontierChart(points, 'a <test>')).toBe(chart);
    expect(chart.match(/<circle/g)).toHaveLength(points.length + 2);
    expect(chart).toContain('a &lt;test&gt;');
    expect(chart).not.toMatch(/NaN|undefined|Infinity/);
    expect(() => frontierChart([], '')).toThrow(RangeError);
  });

  it('tells them as tables', () => {
    expect(frontierTable(points).split('\n')).toHaveLength(2 + points.length);
    for (const point of points) expect(resultTable(point.result)).not.toMatch(/NaN|undefined/);
  });

  it('says which goals were met', () => {
    const met = (at_once_share: number, over: number): boolean[] =>
      goalsOf({ ...points[0]!.result, at_once_share, over }).map(({ met }) => met);
    expect([met(0.999, 0.15), met(0.9989, 0.1), met(1, 0.151)]).toEqual([
      [true, true],
      [false, true],
      [true, false],
    ]);
  });

  it('never calls all what is not all', () => {
    expect([percent(1, 3), percent(0.9999999, 3), percent(0.999, 3)]).toEqual([
      '100.000 %',
      '99.999 %',
      '99.900 %',
    ]);
  });
});

describe('options of the simulator', () => {
  it('takes what the settings have, if it is told nothing', () => {
    const { setup, rooms, seeds, frontier } = fleetBenchOptions([]);
    expect(setup).toMatchObject({
      day: { name: 'event-day' },
      kind: 'relay',
      placement: 'spread',
      policy: { min_tasks: 1, max_tasks: 10_000, room_capacity: 100 },
    });
    expect([rooms, seeds, frontier]).toEqual([1_000_000, [1], false]);
  });

  it('takes what it is told', () => {
    const { setup, rooms, seeds, chart } = fleetBenchOptions(
      '--kind render --day quiet-day --upscale 5+3% --downscale 7+3% --standby 2m --seed 9 --frontier --chart x.svg'.split(
        ' ',
      ),
    );
    expect(setup).toMatchObject({
      day: { name: 'quiet-day' },
      kind: 'render',
      policy: {
        room_capacity: 1,
        upscale: { places: 5, percent: 3 },
        downscale: { places: 7, percent: 3 },
        standby_limit: 120_000,
      },
    });
    expect([rooms, seeds, chart]).toEqual([100_000, [9, 10, 11], 'x.svg']);
  });

  it.each<[string[], RegExp]>([
    [['--day', 'doomsday'], /--day takes event-day or quiet-day, not doomsday/],
    [['--tasks', '10001'], /--tasks takes a number from 1 to 10000, not 10001/],
    [['--rooms', '1.5'], /--rooms takes a whole number, not 1.5/],
    [['--upscale', 'much'], /--upscale must be places such as 20.*, not much/],
    [['--upscale', '60', '--downscale', '150'], /DOWNSCALE_MARGIN must be more than UPSCALE_MARGIN/],
    [['--min-tasks', '5', '--tasks', '4'], /MIN_TASKS must be at most MAX_TASKS/],
    [['--chart', 'x.svg'], /--chart goes with --frontier/],
    [['--frontier', '--chart', ''], /--chart takes the name of a file/],
    [['--fast'], /Unknown option '--fast'/],
  ])('%j is refused with a sentence', (args, message) => {
    expect(() => fleetBenchOptions(args)).toThrow(message);
    expect(() => fleetBenchOptions(args)).toThrow(TypeError);
  });

  it('--help says what there is', () => {
    expect(() => fleetBenchOptions(['--help'])).toThrow(Help);
    for (const name of ['day', 'rooms', 'tasks', 'seed', 'frontier', 'json', 'help']) {
      expect(USAGE).toContain(`--${name} `);
    }
  });
});
