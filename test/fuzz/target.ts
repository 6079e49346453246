/** What can be fuzzed, and one run of it. */
import fc from 'fast-check';

export interface Started {
  property: fc.IAsyncPropertyWithHooks<[unknown]>;
  /** Resolves when everything is as it was before the run; rejects if something stays. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export interface Target {
  name: string;
  start(): Promise<Started>;
}

export interface Bounds {
  /** Cases at most. */
  runs: number;
  /** ms; the batch that is under way then is finished. */
  time: number;
  /** Of the first batch; each next one has the next number. */
  seed: number;
  /** Where in the run of `seed` the fault was: that case alone is repeated. */
  path?: string | undefined;
}

/** Cases of one batch. Between two of them it can end: to cut a case off in the middle would leave its sockets behind. */
const BATCH = 100;
/** One case takes some milliseconds; one that takes so long hangs. */
const CASE_LIMIT_MS = 20_000;

/** The command that repeats a run, or one case of it. */
export function repeatCommand(target: string, seed: number, path: string | null | undefined): string {
  return `npm run fuzz -- --target ${target} --seed ${seed}${path ? ` --path ${path}` : ''}`;
}

/** Errors that nobody caught, of the code under test: it runs in this process. */
function watchUncaught(): { errors: unknown[]; stop(): void } {
  const errors: unknown[] = [];
  const listener = (error: unknown): void => void errors.push(error);
  process.on('uncaughtException', listener).on('unhandledRejection', listener);
  return {
    errors,
    stop: () => void process.off('uncaughtException', listener).off('unhandledRejection', listener),
  };
}

/** Rejects with the case that fails, and how to repeat it; the number of cases if none does. */
async function batch(
  target: string,
  property: Started['property'],
  runs: number,
  seed: number,
  path: string | undefined,
): Promise<number> {
  const details = await fc.check(property, {
    seed,
    ...(path === undefined ? {} : { path, endOnFailure: true }),
    numRuns: runs,
    timeout: CASE_LIMIT_MS,
  });
  if (!details.failed) return details.numRuns;
  const repeat = repeatCommand(target, seed, details.counterexamplePath);
  throw new Error(`${target}: ${fc.defaultReportMessage(details)}\n\nRepeat it with:\n  ${repeat}`, {
    cause: details.errorInstance,
  });
}

/** Runs `target` within `bounds`; the number of cases. Rejects with what is wrong and how to repeat it. */
export async function fuzz(target: Target, bounds: Bounds): Promise<number> {
  const { seed, path } = bounds;
  const deadline = performance.now() + bounds.time;
  const uncaught = watchUncaught();
  const started = await target.start();
  const failed = (what: string, cause: unknown): never => {
    throw new Error(`${target.name}: ${what}. Repeat it with:\n  ${repeatCommand(target.name, seed, path)}`, {
      cause,
    });
  };
  let fault: unknown;
  try {
    let cases = 0;
    for (let n = 0; n === 0 || (cases < bounds.runs && performance.now() < deadline); n++) {
      const runs = Math.min(BATCH, bounds.runs - cases);
      cases += await batch(target.name, started.property, path === undefined ? runs : BATCH, seed + n, path);
      if (path !== undefined) break;
    }
    await started.settled().catch((error: unknown) => failed('something stays', error));
    if (uncaught.errors.length > 0) failed('an error that nobody caught', uncaught.errors[0]);
    return cases;
  } catch (error) {
    fault = error;
    throw error;
  } finally {
    uncaught.stop();
    // What the run has found says more than what the fault keeps from stopping.
    await started.stop().catch((error: unknown) => {
      throw fault ?? error;
    });
  }
}
