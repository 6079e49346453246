import { figure, tableOf } from '../table.ts';
import { marginText, type FrontierPoint } from './frontier.ts';
import type { FleetResult, Waits } from './result.ts';

/** What the fleet is to reach. */
export const GOAL = { at_once: 0.999, over: 0.15 } as const;

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

/** A share as percent; never "100 %" of what is not all. */
export function percent(share: number, digits = 2): string {
  const text = (share * 100).toFixed(digits);
  return share < 1 && Number(text) === 100 ? `${(100 - 10 ** -digits).toFixed(digits)} %` : `${text} %`;
}

function waitsText({ count, p50_ms, p99_ms, most_ms }: Waits): string {
  if (count === 0) return 'none';
  return `${whole(count)}: p50 ${seconds(p50_ms)} s, p99 ${seconds(p99_ms)} s, at most ${seconds(most_ms)} s`;
}

/** The hours in which most had to wait. */
function lateText(late_by_hour: readonly number[]): string {
  const hours = late_by_hour
    .map((count, hour) => ({ count, hour }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count);
  if (hours.length === 0) return 'never';
  return hours
    .slice(0, 6)
    .map(({ count, hour }) => `${hour} h ${whole(count)}`)
    .join(', ');
}

/** Of several days: of all together, but for what is a mean, a median or the most. */
export function resultTable(result: FleetResult): string {
  const { task_hours: hours, fill, changes, plan } = result;
  const rows: [string, string][] = [
    ['rooms asked for', whole(result.asked)],
    ['admitted at once', percent(result.at_once_share, 3)],
    ['waited for a place', waitsText(result.waits)],
    ['waited most in the hours', lateText(result.late_by_hour)],
    ['gave up, refused, still waiting', `${result.gave_up}, ${result.refused}, ${result.still_waiting}`],
    ['task-hours', `${whole(hours.all)}, ${percent(result.over, 1)} over the clairvoyant minimum`],
    ['  clairvoyant minimum', whole(result.clairvoyant_hours)],
    [
      '  READY, STANDBY, STARTING, DRAINING',
      `${whole(hours.ready)}, ${whole(hours.standby)}, ${hours.starting.toFixed(1)}, ${hours.draining.toFixed(1)}`,
    ],
    [
      'fill of READY tasks, p5 and p95',
      fill === undefined
        ? 'too few tasks'
        : `${percent(fill.p5, 0)} and ${percent(fill.p95, 0)}${Number.isFinite(fill.ratio) ? `, p95/p5 ${figure(fill.ratio)}` : ''}`,
    ],
    ['moved live, and placed anew after a death', `${whole(result.moves)}, ${whole(result.rehomed)}`],
    ['  of these without a place for a while', waitsText(result.outages)],
    [
      'tasks launched; not for want of a machine',
      `${whole(changes.launched)}; ${whole(changes.not_launched)}`,
    ],
    [
      'to STANDBY; back; of these within 10 min',
      `${whole(changes.standby)}; ${whole(changes.activated)}; ${whole(changes.returned)}`,
    ],
    [
      'drained; stopped; died',
      `${whole(changes.drained)}; ${whole(changes.stopped)}; ${whole(changes.died)}`,
    ],
    ['most tasks, most rooms at a time', `${whole(result.most_tasks)}, ${whole(result.most_rooms)}`],
    ['the plan', `${whole(plan.runs)} times, ${figure(plan.mean_ms)} ms each`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

export interface Goal {
  goal: string;
  met: boolean;
}

export function goalsOf({ at_once_share, over }: FleetResult): Goal[] {
  return [
    { goal: `${percent(GOAL.at_once, 1)} admitted at once`, met: at_once_share >= GOAL.at_once },
    { goal: `at most ${percent(GOAL.over, 0)} over the clairvoyant minimum`, met: over <= GOAL.over },
  ];
}

export function goalLines(goals: readonly Goal[]): string {
  return goals.map(({ goal, met }) => `${met ? 'met   ' : 'MISSED'}  ${goal}`).join('\n');
}

export function frontierTable(points: readonly FrontierPoint[]): string {
  return tableOf(
    [
      'placement, upscale/downscale',
      'at once',
      'wait p50, s',
      'p99, s',
      'task-hours',
      'over',
      'fill p5–p95, %',
      'moves',
      'to STANDBY',
      'back',
      'both goals',
    ],
    points.map(({ placement, upscale, downscale, given, result }) => [
      `${placement} ${marginText(upscale)}/${marginText(downscale)}${given ? ' (given)' : ''}`,
      percent(result.at_once_share, 3),
      result.waits.count === 0 ? '–' : seconds(result.waits.p50_ms),
      result.waits.count === 0 ? '–' : seconds(result.waits.p99_ms),
      whole(result.task_hours.all),
      percent(result.over, 1),
      result.fill === undefined
        ? '–'
        : `${Math.round(result.fill.p5 * 100)}–${Math.round(result.fill.p95 * 100)}`,
      whole(result.moves),
      whole(result.changes.standby),
      whole(result.changes.activated),
      goalsOf(result).every(({ met }) => met) ? 'met' : '–',
    ]),
  );
}
