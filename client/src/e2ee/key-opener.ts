/** Opens the KEYs of others: each under the nonces of the HELLOs that its sender may have said last. */
import type { KeyOffer } from './base-key.ts';
import { erase } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { CryptoPort } from './crypto-port.ts';
import { forgetShared } from './handshake-slots.ts';
import type { Candidate, Slot } from './handshake-slots.ts';
import type { Identity } from './identity.ts';
import { openKey, pairKey } from './key-message.ts';
import type { LinkKeys } from './link.ts';
import type { Peer } from './peer.ts';

export interface KeyOpenerDeps {
  crypto: CryptoPort;
  link: LinkKeys;
  identity: Identity;
  /** The member with this identity, or that is this client, if it is known. */
  peerWith: (id: Bytes) => Peer | undefined;
  peerOf: (client_id: string) => Peer | undefined;
}

export class KeyOpener {
  readonly #deps: KeyOpenerDeps;

  constructor(deps: KeyOpenerDeps) {
    this.#deps = deps;
  }

  /** The secret that we share with a candidate, which keeps it. Low-order keys were refused with their HELLO. */
  sharedWith(candidate: Candidate): Bytes | undefined {
    candidate.shared ??= this.#deps.peerWith(candidate.hello.id)?.shared?.slice();
    return (candidate.shared ??= this.#deps.identity.sharedSecretWith(candidate.hello.box_pk));
  }

  /** Whoever may have sealed a KEY: an unproven HELLO must not stand in the way of one that is proven. */
  candidates({ candidate: unproven }: Slot, client_id: string): Candidate[] {
    const peer = this.#deps.peerOf(client_id);
    const candidates = unproven === undefined ? [] : [unproven];
    if (peer !== undefined && peer.hello !== unproven?.hello) {
      // Not its own array: that is overwritten when it leaves, which may be while we wait.
      candidates.push({ hello: peer.hello, shared: undefined });
    }
    return candidates;
  }

  /** What a candidate has sealed to our `nonce`; undefined if it has not. */
  async open(candidate: Candidate, payload: Bytes, nonce: Bytes): Promise<KeyOffer | undefined> {
    const { crypto, link, identity } = this.#deps;
    const shared = this.sharedWith(candidate);
    if (shared === undefined) return undefined;
    const { hello } = candidate;
    const to = { id: identity.id, nonce };
    const pair = await pairKey(crypto, link, shared, { id: hello.id, nonce: hello.nonce }, to);
    const offer = openKey(pair, payload);
    erase(pair);
    return offer;
  }

  /**
   * Whether a KEY does not open for a connection that was made anew, which is no fault of anybody's: it may come behind a
   * HELLO that we have yet to look at, or was on its way when our connection before broke. `former`: the nonce of that one.
   */
  async isUntimely(
    entry: Slot,
    candidates: readonly Candidate[],
    payload: Bytes,
    former: Bytes | undefined,
  ): Promise<boolean> {
    if (entry.waiting !== undefined) return true;
    if (former === undefined) return false;
    // A KEY for this connection comes behind a HELLO.
    if (entry.candidate === undefined) return true;
    for (const candidate of candidates) {
      const offer = await this.open(candidate, payload, former);
      if (candidate !== entry.candidate) forgetShared(candidate);
      if (offer === undefined) continue;
      erase(offer.base_key);
      return true;
    }
    return false;
  }
}
