/**
 * The wait before try `attempt` (1, 2, …) in ms: full jitter, any time up to an exponentially growing bound.
 * (AWS Architecture Blog, "Exponential Backoff And Jitter".)
 */
export function backoff(
  attempt: number,
  first: number,
  longest: number,
  random: () => number = Math.random,
): number {
  return random() * Math.min(longest, first * 2 ** (attempt - 1));
}
