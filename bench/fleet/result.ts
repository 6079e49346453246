/** What simulated days came to, put together. */
import { spreadOf } from '../spread.ts';
import { clairvoyantTime } from './clairvoyant.ts';
import { arrivalsOf, BOOT, DAY, HOUR, meanBoot, type Arrivals } from './day.ts';
import type { Change, Meter } from './meter.ts';
import { WARM_UP, type FleetSetup } from './setup.ts';
import { Simulation } from './simulation.ts';

export interface Waits {
  count: number;
  p50_ms: number;
  p99_ms: number;
  most_ms: number;
}

export interface FleetResult {
  days: number;
  /** Creates of the days, and what became of them. */
  asked: number;
  at_once: number;
  /** Of `asked`, 0 to 1. */
  at_once_share: number;
  /** Those that waited and then had a place. */
  waits: Waits;
  /** Of all that were not placed at once: in which hour of the day they were asked for. */
  late_by_hour: number[];
  gave_up: number;
  refused: number;
  /** At the end of the day. */
  still_waiting: number;
  /** Rooms that had no place for a while when their task died or ended. */
  outages: Waits;
  task_hours: { starting: number; ready: number; standby: number; draining: number; all: number };
  clairvoyant_hours: number;
  /** Task-hours above the clairvoyant minimum, as a part of that. */
  over: number;
  /** Of READY tasks, medians over the minutes of the days; undefined where there were never twenty. */
  fill: { p5: number; p95: number; ratio: number } | undefined;
  /** Rooms that were moved live off tasks that drained, and that were placed anew after theirs had died. */
  moves: number;
  rehomed: number;
  changes: Record<Change, number>;
  most_tasks: number;
  most_rooms: number;
  plan: { runs: number; mean_ms: number };
}

/** A day's rooms, and the least that they can cost. */
export interface DayOfRooms {
  seed: number;
  arrivals: Arrivals;
  /** ms */
  clairvoyant: number;
}

export function dayOfRooms(
  { day, kind, policy }: Omit<FleetSetup, 'seed'>,
  rooms: number,
  seed: number,
): DayOfRooms {
  const arrivals = arrivalsOf(day, rooms, seed, WARM_UP);
  const boot = meanBoot(BOOT[kind]);
  const clairvoyant = clairvoyantTime(arrivals, policy.room_capacity, boot, { from: 0, to: DAY });
  return { seed, arrivals, clairvoyant };
}

function waitsOf(all: readonly number[]): Waits {
  const sorted = Float64Array.from(all).sort();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50_ms: at(0.5), p99_ms: at(0.99), most_ms: at(1) };
}

function fillOf(meters: readonly Meter[]): FleetResult['fill'] {
  const fills = meters.flatMap((meter) => meter.fills);
  if (fills.length === 0) return undefined;
  const median = (of: (fill: { p5: number; p95: number }) => number): number =>
    spreadOf(fills.map(of)).median;
  return { p5: median(({ p5 }) => p5), p95: median(({ p95 }) => p95), ratio: median((f) => f.p95 / f.p5) };
}

/** Simulates the days, and puts them together. */
export function simulateDays(setup: Omit<FleetSetup, 'seed'>, days: readonly DayOfRooms[]): FleetResult {
  const runs = days.map(({ seed, arrivals }) => new Simulation({ ...setup, seed }, arrivals).run());
  const meters = runs.map(({ meter }) => meter);
  const sum = (of: (meter: Meter) => number): number => meters.reduce((all, meter) => all + of(meter), 0);
  const total = (of: (run: Simulation) => number): number => runs.reduce((all, run) => all + of(run), 0);
  const asked = sum((meter) => meter.asked);
  const at_once = sum((meter) => meter.at_once);
  const waits = waitsOf(meters.flatMap((meter) => meter.waits));
  const gave_up = sum((meter) => meter.gave_up);
  const refused = sum((meter) => meter.refused);
  const hours = {
    starting: sum(({ time }) => time.STARTING) / HOUR,
    ready: sum(({ time }) => time.READY) / HOUR,
    standby: sum(({ time }) => time.STANDBY) / HOUR,
    draining: sum(({ time }) => time.DRAINING) / HOUR,
  };
  const all = hours.starting + hours.ready + hours.standby + hours.draining;
  const clairvoyant_hours = days.reduce((all, day) => all + day.clairvoyant, 0) / HOUR;
  const names = Object.keys(meters[0]!.changes) as Change[];
  return {
    days: days.length,
    asked,
    at_once,
    at_once_share: at_once / asked,
    waits,
    late_by_hour: Array.from({ length: 24 }, (_, hour) => sum((meter) => meter.late_by_hour[hour]!)),
    gave_up,
    refused,
    still_waiting: asked - at_once - waits.count - gave_up - refused,
    outages: waitsOf(meters.flatMap((meter) => meter.outages)),
    task_hours: { ...hours, all },
    clairvoyant_hours,
    over: all / clairvoyant_hours - 1,
    fill: fillOf(meters),
    moves: sum((meter) => meter.moves),
    rehomed: sum((meter) => meter.rehomed),
    changes: Object.fromEntries(names.map((name) => [name, sum((meter) => meter.changes[name])])) as Record<
      Change,
      number
    >,
    most_tasks: Math.max(...meters.map((meter) => meter.most_tasks)),
    most_rooms: Math.max(...meters.map((meter) => meter.most_rooms)),
    plan: {
      runs: total((run) => run.plans),
      mean_ms: total((run) => run.plan_ms) / total((run) => run.plans),
    },
  };
}
