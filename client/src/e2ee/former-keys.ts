/**
 * Keys of our own that are out of use: the first of each generation, for as long as what was sealed with it is sent again.
 * A member that was away while it was in use is given it when it comes back; later steps follow from it.
 */
import type { KeyOffer } from './base-key.ts';
import { erase } from './bytes.ts';
import { RETENTION_MS } from './limits.ts';

export class FormerKeys {
  #kept: { offer: KeyOffer; until: number }[] = [];

  /** Keeps a key that is out of use from `now` on (ms, of a clock that never goes back). The offer is not the caller's any more. */
  add(offer: KeyOffer, now: number): void {
    this.#kept.push({ offer, until: now + RETENTION_MS });
  }

  /** Those of later generations than this one, from the oldest: whoever takes them erases them. */
  after(generation: number): KeyOffer[] {
    const due = this.#kept.filter(({ offer }) => offer.generation > generation);
    return due.map(({ offer }) => ({ ...offer, base_key: offer.base_key.slice() }));
  }

  /** Overwrites those whose time is over. */
  expire(now: number): void {
    for (const { offer, until } of this.#kept) if (until <= now) erase(offer.base_key);
    this.#kept = this.#kept.filter(({ until }) => until > now);
  }

  /** Overwrites all. */
  erase(): void {
    this.expire(Infinity);
  }
}
