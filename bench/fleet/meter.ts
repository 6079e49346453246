/** What a simulated day is measured by. */
import type { TaskState } from '../../shared/domain/task.ts';
import { HOUR, type Span } from './day.ts';

/** `returned`: those of the activated that had gone on STANDBY only just before. `not_launched`: launches that failed. */
export type Change =
  'launched' | 'activated' | 'returned' | 'standby' | 'drained' | 'stopped' | 'died' | 'not_launched';

/** Share `share` of `counts` (how often each value 0, 1, … was there) is at most the answer; undefined of none. */
export function quantileOf(counts: readonly number[], share: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  let left = Math.max(1, Math.ceil(share * all));
  return counts.findIndex((count) => (left -= count) <= 0);
}

/** Fills of a fleet of fewer tasks say little about how rooms are spread. */
const FEWEST_TASKS = 20;

export class Meter {
  /** Task time by state within the span, ms. */
  readonly time: Record<TaskState, number> = { STARTING: 0, READY: 0, STANDBY: 0, DRAINING: 0, STOPPED: 0 };
  readonly changes: Record<Change, number> = {
    launched: 0,
    activated: 0,
    returned: 0,
    standby: 0,
    drained: 0,
    stopped: 0,
    died: 0,
    not_launched: 0,
  };
  /** Creates of the span, those of them that had a place at once, and that were refused or gave up. */
  asked = 0;
  at_once = 0;
  refused = 0;
  gave_up = 0;
  /** Those that had no place at once, by the hour of the day in which they were asked for. */
  readonly late_by_hour = Array.from({ length: 24 }, () => 0);
  /** Of creates that waited until they had a place, ms. */
  readonly waits: number[] = [];
  /** Rooms that were moved off a task that drained, and that were placed anew when theirs had died. */
  moves = 0;
  rehomed = 0;
  /** Of rooms whose task died or ended, that found no place at once: how long they had none, ms. */
  readonly outages: number[] = [];
  most_tasks = 0;
  most_rooms = 0;
  /** p5 and p95 of the fill of READY tasks, from 0 to 1, once a minute. */
  readonly fills: { p5: number; p95: number }[] = [];

  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  counts(at: number): boolean {
    return at >= this.#span.from && at < this.#span.to;
  }

  /** A create at `at`, which the span has, had no place at once. */
  late(at: number): void {
    this.late_by_hour[Math.floor(at / HOUR)]!++;
  }

  change(what: Change, at: number, count = 1): void {
    if (this.counts(at)) this.changes[what] += count;
  }

  spent(state: TaskState, from: number, to: number): void {
    this.time[state] += Math.max(0, Math.min(to, this.#span.to) - Math.max(from, this.#span.from));
  }

  /** Tasks by the number of their rooms, of `capacity`. */
  fill(counts: readonly number[], capacity: number, now: number): void {
    if (!this.counts(now) || counts.reduce((sum, count) => sum + count, 0) < FEWEST_TASKS) return;
    this.fills.push({
      p5: quantileOf(counts, 0.05)! / capacity,
      p95: quantileOf(counts, 0.95)! / capacity,
    });
  }
}
