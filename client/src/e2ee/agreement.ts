/** Whether the members know the same members: each names them in its heartbeats, by a hash. */
import type { Awaitable } from './awaitable.ts';
import { equalBytes } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { DISAGREE_MS } from './limits.ts';
import type { Peer } from './peer.ts';

export class Agreement {
  readonly #hash: () => Awaitable<Bytes>;
  /** Our own roster, once it was asked for. */
  #own: Awaitable<Bytes> | undefined;

  /** `hash`: of the members that we know, oneself among them. */
  constructor(hash: () => Awaitable<Bytes>) {
    this.#hash = hash;
  }

  /** Of the members that we know now. */
  own(): Awaitable<Bytes> {
    return (this.#own ??= this.#hash());
  }

  /**
   * Whom we know has changed. Who disagreed goes on doing so until it names the same: else a relay that has somebody leave
   * and come back over and over could hide it.
   */
  changed(): void {
    this.#own = undefined;
  }

  /** A member named those that it knows. */
  async heard(peer: Peer, roster: Bytes, now: number): Promise<void> {
    const asked = this.own();
    const own = await asked;
    if (this.#own !== asked) return;
    if (equalBytes(own, roster)) peer.disagrees_since = undefined;
    else peer.disagrees_since ??= now;
  }

  /** While keys are being given and taken away the members differ for some seconds; this is longer. */
  disagrees(peer: Peer | undefined, now: number): boolean {
    return peer?.disagrees_since !== undefined && now >= peer.disagrees_since + DISAGREE_MS;
  }
}
