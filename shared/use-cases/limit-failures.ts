/** Room ids can be guessed, so joins and resumes that find nothing (404) are counted per source, and limited. */
import { blockedFor, sourceName } from '../domain/guessing.ts';
import type { Deps } from './deps.ts';
import { isMiss, type Outcome, type Refusal } from './outcome.ts';
import { tooManyFailures } from './refusals.ts';

/** A source address as the failures of one kind of request are counted for it. */
export interface Source {
  address: string;
  what: 'join' | 'resume';
}

async function nameOf({ secrets }: Deps, { address, what }: Source): Promise<string> {
  return sourceName((await secrets.get()).current, address, what);
}

const limited = ({ telemetry }: Deps, wait_ms: number) => {
  telemetry.count('joins_limited');
  return tooManyFailures(Math.ceil(wait_ms / 1_000));
};

/** The refusal of a source that has failed too often; undefined if it may try. */
export async function refusedSource(
  deps: Deps,
  source: Source | undefined,
): Promise<{ ok: false; refusal: Refusal } | undefined> {
  const { store, policy, clock } = deps;
  if (source === undefined || policy.FAILED_JOINS === 0) return undefined;
  const seen = await store.getFailures(await nameOf(deps, source));
  const wait_ms = blockedFor(seen, policy.FAILED_JOINS, clock.now());
  return wait_ms > 0 ? limited(deps, wait_ms) : undefined;
}

/**
 * `outcome` itself, counted if it found nothing. The failure beyond the limit does not learn any more that there is
 * nothing, however many requests of a source come at once: it is answered with `beyond`, without which `rate_limited`.
 */
export async function countedFailure<T>(
  deps: Deps,
  source: Source | undefined,
  outcome: Outcome<T>,
  beyond?: () => Outcome<T>,
): Promise<Outcome<T>> {
  const { store, policy, clock } = deps;
  if (!isMiss(outcome)) return outcome;
  if (source === undefined || policy.FAILED_JOINS === 0) return outcome;
  const now = clock.now();
  const seen = await store.countFailure(await nameOf(deps, source), now, now + policy.FAILED_JOINS_WINDOW);
  if (seen.failures <= policy.FAILED_JOINS) return outcome;
  return beyond?.() ?? limited(deps, seen.until - now);
}
