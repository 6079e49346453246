/** Which task gets a room: pure, apart from the claim that the store makes on it. */
import type { TaskRecord } from './task.ts';

export type PlacementStrategy = 'spread' | 'packed';

/** How many candidates are looked at: enough that a herd of creates spreads, few enough to read at once. */
export const PLACEMENT_WINDOW = 8;

/**
 * Chooses among `candidates` (all with a place).
 *
 * `spread`: the better of two random ones ("power of two choices": almost as even as always the least loaded, without
 * everybody picking the same one from the same slightly stale index). `packed`: the fullest, so that others run empty.
 * `random` gives numbers in [0, 1).
 */
export function chooseTask(
  candidates: readonly TaskRecord[],
  strategy: PlacementStrategy,
  random: () => number,
): TaskRecord | undefined {
  if (candidates.length === 0) return undefined;
  if (strategy === 'packed')
    return candidates.reduce((best, task) => (task.rooms > best.rooms ? task : best));
  const first = Math.floor(random() * candidates.length);
  const step = candidates.length > 1 ? 1 + Math.floor(random() * (candidates.length - 1)) : 0;
  const a = candidates[first]!;
  const b = candidates[(first + step) % candidates.length]!;
  return b.rooms < a.rooms ? b : a;
}
