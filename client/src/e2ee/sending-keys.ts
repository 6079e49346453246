/** The keys of our own that we seal with: one in use, perhaps one that waits for its turn. */
import type { Awaitable } from './awaitable.ts';
import { BASE_KEY_BYTES, BaseKey } from './base-key.ts';
import type { KeyOffer } from './base-key.ts';
import { erase } from './bytes.ts';
import { randomBytes } from './crypto-port.ts';
import type { CryptoPort, FillRandom } from './crypto-port.ts';
import { CONTEXT } from './kid.ts';
import type { Context, KeyNumber } from './kid.ts';
import { MAX_STEP } from './limits.ts';
import type { SframeKey } from './sframe/sframe-key.ts';

export class SendingKeys {
  readonly #crypto: CryptoPort;
  readonly #fill: FillRandom;
  #current: BaseKey;
  #next: BaseKey | undefined;
  #frames = 0;
  #has_spoken = false;
  #erased = false;
  readonly #out_of_use: (offer: KeyOffer) => void;

  /** Draws the base key of generation 0. `out_of_use`: takes a key that another took the place of; else it is overwritten. */
  constructor(
    crypto: CryptoPort,
    fill: FillRandom,
    out_of_use: (offer: KeyOffer) => void = ({ base_key }) => erase(base_key),
  ) {
    this.#crypto = crypto;
    this.#fill = fill;
    this.#out_of_use = out_of_use;
    this.#current = this.#draw(0);
  }

  /** Frames that were sealed with the key in use, at this step. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * Whether nothing of the application's was sealed with the key in use, at this step: a newcomer may have it as it is. What
   * members say to each other in context 0 tells it nothing, and it is said to each who is given the key.
   */
  get isFresh(): boolean {
    return !this.#has_spoken;
  }

  /** Which key is in use. */
  get current(): KeyNumber {
    return this.#current;
  }

  /** Which key waits for its turn. */
  get next(): KeyNumber | undefined {
    return this.#next;
  }

  /** The key in use, for a KEY: whoever takes it erases it. Throws once {@link SendingKeys.erase} was called. */
  offer(): KeyOffer {
    return this.#current.offer();
  }

  /** The key that waits for its turn, likewise. */
  nextOffer(): KeyOffer | undefined {
    return this.#next?.offer();
  }

  /** The key in use of one context. Throws once {@link SendingKeys.erase} was called. */
  context(context: Context): Awaitable<SframeKey> {
    if (this.#erased) throw new Error('The keys were erased');
    return this.#current.context(context);
  }

  /** To be called for each frame that is sealed. */
  count(context: Context): void {
    this.#frames++;
    if (context !== CONTEXT.CTRL) this.#has_spoken = true;
  }

  /**
   * Takes the next step in use, so that a newcomer who is given it reads nothing from before; those who have the last one
   * find it by themselves. `exhausted` after step 15: then take a new generation.
   */
  async ratchet(): Promise<'ratcheted' | 'exhausted'> {
    const from = this.#current;
    if (from.step === MAX_STEP) return 'exhausted';
    const next = await from.ratcheted();
    // Another key was taken in use meanwhile, at least as new as this one.
    if (this.#current !== from) next.erase();
    else this.#use(next);
    return 'ratcheted';
  }

  /**
   * Draws the base key of a new generation, which waits for {@link SendingKeys.switchOver}. One that waits already was given
   * to others, so that it is not drawn again: its generation is skipped. Throws once {@link SendingKeys.erase} was called,
   * and RangeError when no generation is left; then the keys stay as they are.
   */
  prepare(): KeyOffer {
    if (this.#erased) throw new Error('The keys were erased');
    const { generation } = this.#next ?? this.#current;
    const next = this.#draw(generation + 1);
    this.#next?.erase();
    this.#next = next;
    return next.offer();
  }

  /** Takes the prepared key in use. False if none is. */
  switchOver(): boolean {
    if (this.#next === undefined) return false;
    const next = this.#next;
    this.#next = undefined;
    this.#use(next);
    return true;
  }

  /** Overwrites all keys. */
  erase(): void {
    this.#erased = true;
    this.#current.erase();
    this.#next?.erase();
  }

  #use(key: BaseKey): void {
    if (!this.#erased) this.#out_of_use(this.#current.offer());
    this.#current.erase();
    this.#current = key;
    this.#frames = 0;
    this.#has_spoken = false;
  }

  #draw(generation: number): BaseKey {
    const base_key = randomBytes(this.#fill, BASE_KEY_BYTES);
    return new BaseKey(this.#crypto, { generation, step: 0, base_key });
  }
}
