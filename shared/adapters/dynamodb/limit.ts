/**
 * Lets at most `most` of the given tasks run at once; the others wait their turn, in order.
 *
 * The time limits of the HTTP client also run while a request waits for a socket, so without this a burst in the local
 * stack would time out before it is even sent. In Lambda nothing ever waits here.
 */
export function limiter(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running < most) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The turn is handed on, not given back: nobody can come in between.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
