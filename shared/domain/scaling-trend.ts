/** How much demand grows while a task starts: pure. */
import type { DemandSample } from './scaling-types.ts';

/** Growth is remembered for this long at least. */
const REMEMBERED_MS = 10 * 60_000;
/** Demand is noted no more often than this: the plan is also asked for whenever a create finds no place. */
const SPACING_MS = 15_000;

/** Those of `samples` that still say something about a time of `horizon`. */
const recent = (samples: readonly DemandSample[], now: number, horizon: number): DemandSample[] =>
  samples.filter(({ at }) => at <= now && now - at <= REMEMBERED_MS + horizon);

/** `samples` (the oldest first) with what is used now, without what is too old for `horizon`. */
export function noteDemand(
  samples: readonly DemandSample[],
  used: number,
  now: number,
  horizon: number,
): DemandSample[] {
  const kept = recent(samples, now, horizon);
  const last = kept.at(-1);
  return last !== undefined && now - last.at < SPACING_MS ? kept : [...kept, { at: now, used }];
}

/** The most rooms that came on top, net, within any time of `horizon` that is remembered. Never negative. */
export function growthWithin(
  samples: readonly DemandSample[],
  used: number,
  now: number,
  horizon: number,
): number {
  const points = [...recent(samples, now, horizon), { at: now, used }];
  let most = 0;
  for (let end = 1; end < points.length; end++) {
    const { at, used: then } = points[end]!;
    for (let start = end - 1; start >= 0; start--) {
      // The sample before is always looked at, however long ago it was taken.
      if (start < end - 1 && at - points[start]!.at > horizon) break;
      most = Math.max(most, then - points[start]!.used);
    }
  }
  return most;
}
