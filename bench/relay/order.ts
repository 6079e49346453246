/** The order in which systems take turns. */

/**
 * `items` of round `round` (from 0): each round begins one further on, so that over as many rounds as items each is
 * measured at each place.
 */
export function turnOf<T>(items: readonly T[], round: number): T[] {
  if (items.length === 0) return [];
  const first = round % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
