/** Our own key: given to the members, ratcheted for those who are new, changed when somebody left. */
import type { KeyOffer } from './base-key.ts';
import { erase } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { FormerKeys } from './former-keys.ts';
import { KEY_MS } from './limits.ts';
import type { Peer } from './peer.ts';
import { Rotation } from './rotation.ts';
import type { SendingKeys } from './sending-keys.ts';

export interface KeyRingDeps {
  keys: SendingKeys;
  now: () => number;
  members: () => Iterable<Peer>;
  /** Whether it is a member still, and could open a KEY: it may just be proving to be back. */
  isReady: (peer: Peer) => boolean;
  /** A KEY to a member for each offer, which it overwrites; none if there is no connection. */
  sealKeys: (peer: Peer, offers: readonly KeyOffer[]) => Promise<Bytes[]>;
  send: (payload: Bytes, to: number) => void;
  /** Another key is in use. */
  changed: () => void;
  /** Tells a member where our lanes stand. */
  tell: (peer: Peer) => Promise<void>;
  /** Runs a step after all others of the handshake. */
  inTurn: (task: () => Promise<void>) => void;
}

export class KeyRing {
  readonly #deps: KeyRingDeps;
  readonly #rotation: Rotation;
  readonly #former = new FormerKeys();

  constructor(deps: KeyRingDeps) {
    this.#deps = deps;
    this.#rotation = new Rotation(deps.now());
  }

  /** Somebody left who has our key. */
  left(): void {
    this.#rotation.left(this.#deps.now());
  }

  /** Another key took the place of this one. */
  outOfUse(offer: KeyOffer): void {
    // Whoever was here in this generation has its first step, or was not meant to have it.
    if (offer.step === 0) this.#former.add(offer, this.#deps.now());
    else erase(offer.base_key);
  }

  /** Overwrites the keys that are out of use. */
  erase(): void {
    this.#former.erase();
  }

  /**
   * Gives our key to a member that is proven, in turn, and tells it where our lanes stand. Whoever is new gets one that
   * nothing was sealed with before.
   */
  async give(peer: Peer): Promise<void> {
    const { keys, now, tell } = this.#deps;
    if (!this.#isHere(peer) || (peer.given_at !== undefined && now() < peer.given_at + KEY_MS)) return;
    const is_entitled = peer.entitled_from !== undefined && peer.entitled_from <= keys.current.generation;
    const may_have = is_entitled || (await this.#isFresh());
    // There is no step left for it: it gets the key that comes next.
    if (!may_have && keys.next === undefined) await this.#prepareNow();
    if (!this.#isHere(peer)) return;
    peer.given_at = now();
    peer.entitled_from ??= may_have ? keys.current.generation : keys.next?.generation;
    peer.begins_later = !may_have;
    const next = keys.nextOffer();
    const offers = [...(may_have ? [keys.offer()] : []), ...(next === undefined ? [] : [next])];
    // It may have been away while they were in use.
    const former = this.#former.after(peer.entitled_from ?? Infinity);
    await this.#send(peer, [...former, ...offers]);
    if (may_have) await tell(peer);
  }

  /** Changes the key if that is due. */
  tick(): void {
    this.#former.expire(this.#deps.now());
    const step = this.#rotation.poll(this.#deps.now(), this.#deps.keys.frames);
    if (step === 'prepare') this.#deps.inTurn(() => this.#prepare());
    if (step === 'switch') this.#deps.inTurn(() => this.#switch());
  }

  get deadline(): number {
    return this.#rotation.deadline;
  }

  #isHere(peer: Peer): boolean {
    return peer.slot !== undefined && this.#deps.isReady(peer);
  }

  /** Whether a newcomer may have the key in use, perhaps after a ratchet. */
  async #isFresh(): Promise<boolean> {
    const { keys } = this.#deps;
    if (!keys.isFresh && (await keys.ratchet()) === 'exhausted') return false;
    // Also without a ratchet: what was said in context 0 meanwhile is nothing that a newcomer misses.
    this.#deps.changed();
    return true;
  }

  async #prepareNow(): Promise<void> {
    const now = this.#deps.now();
    this.#rotation.hurry(now);
    if (this.#rotation.poll(now, 0) === 'prepare') await this.#prepare();
  }

  async #prepare(): Promise<void> {
    const { keys, members } = this.#deps;
    erase(keys.prepare().base_key);
    for (const peer of members()) {
      // Whoever was not given the one in use gets both when it is.
      if (peer.given_at === undefined) continue;
      const offer = keys.nextOffer();
      if (offer !== undefined) await this.#send(peer, [offer]);
    }
  }

  async #switch(): Promise<void> {
    if (!this.#deps.keys.switchOver()) return;
    this.#deps.changed();
    for (const peer of this.#deps.members()) {
      if (!peer.begins_later) continue;
      peer.begins_later = false;
      await this.#deps.tell(peer);
    }
  }

  async #send(peer: Peer, offers: readonly KeyOffer[]): Promise<void> {
    const payloads = await this.#deps.sealKeys(peer, offers);
    for (const payload of payloads) {
      if (peer.slot !== undefined && this.#isHere(peer)) this.#deps.send(payload, peer.slot);
    }
  }
}
