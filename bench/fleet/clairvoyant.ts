import type { Arrivals, Span } from './day.ts';

/**
 * The least task time, ms within `span`, with which a scheduler that knows the future serves all rooms without a wait.
 *
 * Its tasks have the same capacity and the same boot time (the mean, `boot`; it is paid for, as Fargate bills it), but it
 * need not guess: it launches each just so early that it is up when it is needed, none ever fails, and it moves rooms
 * between tasks for nothing. So at each instant it needs ⌈rooms open / capacity⌉ tasks up, and may choose only whether a
 * task for which there is a pause is stopped and launched again, which costs `boot`, or kept, which costs the pause. The
 * k-th task is needed while more than (k − 1) · capacity rooms are open. Over the instants at which it is needed, a pause
 * of at most `boot` is best kept and a longer one not; and since pauses of the k-th lie within pauses of the k + 1st, the
 * best choices for each k fit together. Their sum is thus the minimum itself, not an estimate. No scheduler without
 * foresight, or with rooms that cannot move, reaches it.
 */
export function clairvoyantTime(rooms: Arrivals, capacity: number, boot: number, span: Span): number {
  const ends = rooms.at.map((at, i) => at + rooms.lasts[i]!).sort();
  const within = (from: number, to: number): number =>
    Math.max(0, Math.min(to, span.to) - Math.max(from, span.from));
  /** Of each task: when its present run began and, where it is in a pause, since when. */
  const since: number[] = [];
  const paused: (number | undefined)[] = [];
  let sum = 0;
  let open = 0;
  let up = 0;
  let next_end = 0;
  const end = (): void => {
    open--;
    if (open <= (up - 1) * capacity) paused[--up] = ends[next_end];
    next_end++;
  };
  for (const at of rooms.at) {
    // What ends at this very instant makes place first.
    while (ends[next_end]! <= at) end();
    open++;
    if (open <= up * capacity) continue;
    const pause = paused[up];
    if (pause === undefined) since[up] = at;
    else if (at - pause > boot) {
      sum += within(since[up]! - boot, pause);
      since[up] = at;
    }
    up++;
  }
  while (next_end < ends.length) end();
  return since.reduce((all, from, k) => all + within(from - boot, paused[k]!), sum);
}
