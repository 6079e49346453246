/** Which of our lines a frame takes while a room moves. */
import type { Places } from './places.ts';

export interface Way {
  readonly line: number;
  /** Client id of who gets it there; undefined: all who are there. */
  readonly to: string | undefined;
}

/**
 * `lines`: those that we send on, the oldest first. A sealed frame takes all of them: receivers know it again. Any other
 * reaches each client once: on the oldest line where that one hears us.
 */
export function waysOf(
  { to, sealed }: { to: string | undefined; sealed: boolean },
  places: Places,
  lines: readonly number[],
): Way[] {
  const [oldest] = lines;
  if (oldest === undefined) return [];
  if (sealed) return lines.map((line) => ({ line, to }));
  if (to !== undefined) {
    const line = places.hearsOn(to, oldest);
    return line === undefined ? [] : [{ line, to }];
  }
  const apart: Way[] = [];
  if (lines.length > 1) {
    for (const [client_id, line] of places.hearing(oldest)) {
      if (line !== oldest) apart.push({ line, to: client_id });
    }
  }
  return [{ line: oldest, to: undefined }, ...apart];
}
