/** What must hold of memory and sockets at the end of a soak. Pure: each breach is a sentence, none is an empty list. */
import { LOAD, type Sample, type Series } from './processes.ts';

/**
 * What memory may grow by under the same load: a share of where it began (the compiler keeps adding code for a while), and
 * what two looks differ by.
 */
export const HEAP_BOUND = { share: 0.1, bytes: 2 * 2 ** 20 };
export const RSS_BOUND = { share: 0.15, bytes: 16 * 2 ** 20 };
/**
 * How many samples are looked at at the beginning and at the end, at most and at least. Of each the lowest counts: what
 * requests hold that are under way just then differs by megabytes from one look to the next, what leaks is in all of them.
 */
const WINDOW = { most: 24, least: 8 };

/** From this long on there must be something to compare. */
const LONG_MINUTES = 10;

/** Where memory began and where it ended: the lowest of the first and of the last samples. */
export interface Growth {
  name: string;
  pid: number;
  samples: number;
  heap_bytes: { began: number; ended: number };
  rss_bytes: { began: number; ended: number };
}

/**
 * How the memory of one process changed under load. `since`: when the load was steady; a process that began later is
 * looked at from `warm_up_ms` after its first sample. Undefined for one with too few samples to say.
 */
export function growthOf(
  series: Series,
  { since, until, warm_up_ms }: { since: number; until: number; warm_up_ms: number },
): Growth | undefined {
  const first = series.samples[0]?.at ?? 0;
  const from = Math.max(since, first + warm_up_ms);
  const samples = series.samples.filter(({ at }) => at >= from && at <= until);
  const window = Math.min(WINDOW.most, Math.floor(samples.length / 3));
  if (window < WINDOW.least) return undefined;
  const both = (of: (sample: Sample) => number) => ({
    began: Math.min(...samples.slice(0, window).map(of)),
    ended: Math.min(...samples.slice(-window).map(of)),
  });
  return {
    name: series.name,
    pid: series.pid,
    samples: samples.length,
    heap_bytes: both(({ heap_bytes }) => heap_bytes),
    rss_bytes: both(({ rss_bytes }) => rss_bytes),
  };
}

/** A long soak says something about the router, a task and the clients, or it has not done its work. */
export function unseenBreaches(growth: readonly Growth[], minutes: number): string[] {
  if (minutes < LONG_MINUTES) return [];
  return ['router', 'task', LOAD]
    .filter((kind) => !growth.some(({ name }) => name.startsWith(kind)))
    .map((kind) => `${kind}: there were too few looks at its memory to compare`);
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

export function memoryBreaches(growth: readonly Growth[]): string[] {
  const kinds = [
    ['heap', 'heap_bytes', HEAP_BOUND],
    ['resident memory', 'rss_bytes', RSS_BOUND],
  ] as const;
  return growth.flatMap((one) =>
    kinds.flatMap(([what, key, { share, bytes }]) => {
      const { began, ended } = one[key];
      const limit = began * (1 + share) + bytes;
      // This process holds the AWS doubles and the load itself: what the system gives it is nobody's promise.
      const watched = key === 'heap_bytes' || one.name !== LOAD;
      return !watched || ended <= limit
        ? []
        : [
            `${one.name}: ${what} grew from ${mebibytes(began)} to ${mebibytes(ended)}; at most ${mebibytes(limit)}`,
          ];
    }),
  );
}

/**
 * Idle connections that a process may keep for later: of its pool to the database, of its own HTTP calls. A task has hardly
 * any.
 */
const SPARE_SOCKETS = { task: 8, other: 48 };

/**
 * At rest a process holds as many sockets as it did when it was first looked at, but for idle ones. Of the processes that
 * were there before the load (`began_before`) and still are (`running`).
 */
export function handleBreaches(
  series: readonly Series[],
  began_before: number,
  running: readonly number[],
): string[] {
  return series.flatMap(({ name, pid, samples }) => {
    const [first] = samples;
    const last = samples.at(-1);
    if (first?.sockets === undefined || last?.sockets === undefined) return [];
    if (first.at > began_before || !running.includes(pid)) return [];
    const spare = name.startsWith('task') ? SPARE_SOCKETS.task : SPARE_SOCKETS.other;
    if (last.sockets <= first.sockets + spare) return [];
    return [`${name}: ${last.sockets} sockets are open at rest; ${first.sockets} were before the load`];
  });
}
