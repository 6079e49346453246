/** The keys of one sender, as it told them, and those that follow from them by ratcheting. */
import { chain } from './awaitable.ts';
import type { Awaitable } from './awaitable.ts';
import { BaseKey, isOlder } from './base-key.ts';
import type { KeyOffer } from './base-key.ts';
import type { CryptoPort } from './crypto-port.ts';
import { isSigned, packKid, unpackKid } from './kid.ts';
import type { KeyId, KeyNumber } from './kid.ts';
import { OLD_KEY_MS } from './limits.ts';
import { ReplayWindow } from './replay-window.ts';
import type { Unsigned } from './sframe/header.ts';
import type { SframeKey } from './sframe/sframe-key.ts';

/** A key to open with, and what came under it before. */
export interface ReceivingKey {
  id: KeyId;
  sframe: SframeKey;
  /** Of contexts 2 to 4. It belongs to the key: whoever forged a high CTR is rid of with the key, not never. */
  window: ReplayWindow | undefined;
}

interface Held {
  base: BaseKey;
  /** Not accepted from then on, ms; undefined: the latest, or one that may become it. */
  retire_at: number | undefined;
}

/** What is kept of keys that are gone, so that nothing is accepted twice if their owner comes back. */
export interface PastKeys {
  /** The latest: older ones are refused. */
  floor: KeyNumber;
  /** By KID. */
  windows: ReadonlyMap<number, ReplayWindow>;
}

/** `old`: before the latest that we have; not taken in. `refused`: another key than the sender's of that generation and step. */
export type Learning = 'new' | 'known' | 'old' | 'refused';

export class ReceivingKeys {
  readonly #crypto: CryptoPort;
  readonly #past: PastKeys | undefined;
  /** The first that was told. */
  #first: KeyNumber | undefined;
  /** The latest that the sender itself is known to have taken in use, or told. */
  #proven: KeyNumber | undefined;
  /** From the oldest to the latest. */
  #held: Held[] = [];
  /** By KID, those that were asked for. */
  readonly #ready = new Map<Unsigned, { key: ReceivingKey; held: Held }>();
  #erased = false;

  /** `past`: what {@link ReceivingKeys.retire} gave for the same sender. */
  constructor(crypto: CryptoPort, past?: PastKeys) {
    this.#crypto = crypto;
    this.#past = past;
  }

  /** Whether a key came before all that we were told: whoever came late is not meant to have it. */
  isBeforeAll(number: KeyNumber): boolean {
    return this.#first !== undefined && isOlder(number, this.#first);
  }

  /** Takes in what a KEY of this sender told at `now` (ms, of a clock that never goes back). Copies the key. */
  async learn(offer: KeyOffer, now: number): Promise<Learning> {
    if (this.#erased) return 'refused';
    if (this.#past !== undefined && isOlder(offer, this.#past.floor)) return 'old';
    const same = this.#at(offer);
    if (same !== undefined) {
      if (!same.base.hasBytes(offer.base_key)) return 'refused';
      this.confirm(offer, now);
      return 'known';
    }
    const latest = this.#held.at(-1);
    // A later step of a generation that we hold: it may be the one in use, while the next generation was told already.
    if (this.#nearest(offer) !== undefined) {
      // What ratcheting gives is kept even if the offer is another: it is the sender's, if anything is.
      const own = await this.#ratchetTo(offer);
      if (own === undefined || !own.base.hasBytes(offer.base_key)) return 'refused';
    } else if (latest !== undefined && isOlder(offer, latest.base)) {
      return 'old';
    } else {
      this.#hold(new BaseKey(this.#crypto, { ...offer, base_key: offer.base_key.slice() }), undefined);
    }
    this.#first ??= { generation: offer.generation, step: offer.step };
    this.confirm(offer, now);
    return 'new';
  }

  /** The key of a KID that was found before, at once. */
  ready(kid: Unsigned, now: number): ReceivingKey | undefined {
    const entry = this.#ready.get(kid);
    return entry === undefined || isOver(entry.held, now) ? undefined : entry.key;
  }

  /**
   * The key of a KID; undefined if it is unknown. A later step than the latest follows from that by ratcheting; it is not
   * taken for the sender's own until {@link ReceivingKeys.confirm}.
   */
  find(id: KeyId, now: number): Awaitable<ReceivingKey | undefined> {
    const held = this.#at(id);
    if (held !== undefined) return this.#keyOf(held, id, now);
    if (this.#nearest(id) === undefined) return undefined;
    return this.#ratchetTo(id).then((held) => (held === undefined ? undefined : this.#keyOf(held, id, now)));
  }

  /**
   * The sender itself was seen to use this key, for a signature says so: earlier ones are accepted for ten seconds more.
   * (An unsigned frame proves nothing: any member can ratchet another's key and seal with it.)
   */
  confirm({ generation, step }: KeyNumber, now: number): void {
    if (this.#proven === undefined || isOlder(this.#proven, { generation, step })) {
      this.#proven = { generation, step };
    }
    for (const held of this.#held) {
      if (isOlder(held.base, { generation, step })) held.retire_at ??= now + OLD_KEY_MS;
    }
  }

  /** Overwrites the keys whose time is over. To be called once a second or so. */
  expire(now: number): void {
    for (const held of this.#held) if (isOver(held, now)) held.base.erase();
    this.#held = this.#held.filter((held) => !isOver(held, now));
    for (const [kid, { held }] of this.#ready) if (isOver(held, now)) this.#ready.delete(kid);
  }

  /** Overwrites all keys; none is learned any more. undefined if none was ever told. */
  retire(): PastKeys | undefined {
    // Not the latest that is held: whoever names a step in a header makes us ratchet to it.
    const floor = this.#proven;
    if (floor === undefined) {
      this.erase();
      return this.#past;
    }
    const windows = new Map(this.#past?.windows);
    for (const { key } of this.#ready.values()) {
      if (key.window !== undefined) windows.set(packKid(key.id), key.window);
    }
    for (const kid of windows.keys()) {
      if (isOlder(unpackKid(kid)!, floor)) windows.delete(kid);
    }
    this.erase();
    return { floor, windows };
  }

  /** Overwrites all keys; none is learned any more. */
  erase(): void {
    this.#erased = true;
    for (const { base } of this.#held) base.erase();
    this.#held = [];
    this.#ready.clear();
  }

  #windowOf(id: KeyId): ReplayWindow | undefined {
    if (isSigned(id.context)) return undefined;
    return this.#past?.windows.get(packKid(id)) ?? new ReplayWindow();
  }

  #at({ generation, step }: KeyNumber): Held | undefined {
    return this.#held.find(({ base }) => base.generation === generation && base.step === step);
  }

  /** The latest step before `id` of its generation. */
  #nearest(id: KeyNumber): Held | undefined {
    return this.#held.findLast(({ base }) => base.generation === id.generation && base.step < id.step);
  }

  async #ratchetTo(id: KeyNumber): Promise<Held | undefined> {
    let held = this.#nearest(id);
    while (held !== undefined && held.base.step < id.step) {
      const next = await held.base.ratcheted();
      // What follows on a key whose time ends ends with it.
      held = this.#hold(next, held.retire_at);
    }
    return held;
  }

  #hold(base: BaseKey, retire_at: number | undefined): Held {
    const known = this.#at(base);
    if (known !== undefined) {
      base.erase();
      return known;
    }
    const held: Held = { base, retire_at };
    this.#held.push(held);
    this.#held.sort((a, b) => (isOlder(a.base, b.base) ? -1 : 1));
    return held;
  }

  #keyOf(held: Held, id: KeyId, now: number): Awaitable<ReceivingKey | undefined> {
    if (isOver(held, now)) return undefined;
    return chain(held.base.context(id.context), (sframe) => {
      // Two frames may have asked at once: they share one window.
      const kid = packKid(id);
      const known = this.#ready.get(kid)?.key;
      if (known !== undefined || sframe.erased) return known;
      const key = { id, sframe, window: this.#windowOf(id) };
      this.#ready.set(kid, { key, held });
      return key;
    });
  }
}

function isOver({ retire_at }: Held, now: number): boolean {
  return retire_at !== undefined && retire_at <= now;
}
