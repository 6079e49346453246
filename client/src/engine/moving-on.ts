/** When a client moves on from a line, and when it closes one. */
import type { Line } from './line.ts';
import type { Places } from './places.ts';

/**
 * For how long, since we are on a newer line, those who are on an older one alone are waited for where nobody says how long that
 * one goes on, ms.
 */
export const MOVE_ON_MS = 5_000;
/**
 * Of the time for which an older line goes on at most, so much is theirs. What is under way on a line that ends is lost: in the
 * rest everybody can move on.
 */
export const SHARE_OF_MOVE = 0.75;
/** An older line is closed after this, ms, whoever is left there: tasks drain for less. */
export const LONGEST_MOVE_MS = 300_000;

/** Others come to know of a move so much earlier or later than we, ms; of a short one, so much of its time. */
const APART_MS = 500;
const APART_SHARE = 0.1;

/** When to go over from a line of which we hear at `now` that it goes on for `deadline_ms` at most. */
export function moveOnBy(deadline_ms: number, now: number): NonNullable<Line['move_on']> {
  return { at: now + SHARE_OF_MOVE * deadline_ms, slack: Math.min(APART_MS, APART_SHARE * deadline_ms) };
}

/** Whether somebody who goes over from `line` at `now` may have waited in vain for others. */
export function waitedInVain({ move_on }: Pick<Line, 'move_on'>, now: number): boolean {
  return move_on !== undefined && now >= move_on.at - move_on.slack;
}

export type MovingOn<L> =
  /** What we send goes out on newer lines from now on, and we say so on this one. */
  | { readonly do: 'move_on'; readonly line: L; readonly to: number }
  /** Nothing more is to come on this one. */
  | { readonly do: 'close'; readonly line: L }
  /** Nothing, before this time. */
  | { readonly do: 'wait'; readonly until: number };

/** What is due at `now`, one thing at a time. `lines`: the oldest first; `sending`: the oldest that we have not moved on from. */
export function movingOn<L extends Pick<Line, 'number' | 'welcomed_at' | 'move_on'>>(
  lines: readonly L[],
  sending: number,
  places: Places,
  now: number,
): MovingOn<L> {
  let until = Infinity;
  for (const [index, line] of lines.slice(0, -1).entries()) {
    const { number, move_on } = line;
    if (number > sending) break;
    const next = lines[index + 1]!;
    const is_left = number < sending;
    const due = is_left ? next.welcomed_at + LONGEST_MOVE_MS : (move_on?.at ?? next.welcomed_at + MOVE_ON_MS);
    until = Math.min(until, due);
    if ((is_left ? places.isUsed(number) : places.isNeeded(number)) && now < due) continue;
    return is_left ? { do: 'close', line } : { do: 'move_on', line, to: next.number };
  }
  return { do: 'wait', until };
}
