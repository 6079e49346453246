/** One base key of a sender, at its generation and step, and the keys of its contexts. */
import type { Awaitable } from './awaitable.ts';
import { equalBytes, erase } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { CryptoPort } from './crypto-port.ts';
import { isKeyNumber, packKid } from './kid.ts';
import type { Context, KeyNumber } from './kid.ts';
import { deriveSframeKey } from './sframe/sframe-key.ts';
import type { SframeKey } from './sframe/sframe-key.ts';
import { ratchetBaseKey, ROOM_SUITE, sframeSecret } from './sframe/suite.ts';

export const BASE_KEY_BYTES = 32;

/** What a KEY tells. Secret. */
export interface KeyOffer extends KeyNumber {
  /** 32 bytes. */
  base_key: Bytes;
}

/** Whether `other` comes before, in the order in which a sender takes its keys in use. */
export function isOlder(other: KeyNumber, than: KeyNumber): boolean {
  return (
    other.generation < than.generation || (other.generation === than.generation && other.step < than.step)
  );
}

export class BaseKey {
  readonly generation: number;
  readonly step: number;
  readonly #crypto: CryptoPort;
  readonly #bytes: Bytes;
  readonly #contexts: (Awaitable<SframeKey> | undefined)[] = [];
  #erased = false;

  /** Keeps the offer's array, which is not the caller's any more. Throws RangeError for a generation, step or length that cannot be. */
  constructor(crypto: CryptoPort, { generation, step, base_key }: KeyOffer) {
    if (!isKeyNumber(generation, step) || base_key.length !== BASE_KEY_BYTES) {
      throw new RangeError(`There is no base key of generation ${generation}, step ${step}`);
    }
    this.generation = generation;
    this.step = step;
    this.#crypto = crypto;
    this.#bytes = base_key;
  }

  /** A copy, for a KEY: whoever takes it erases it. Throws after an erasure. */
  offer(): KeyOffer {
    if (this.#erased) throw new Error('The key was erased');
    return { generation: this.generation, step: this.step, base_key: this.#bytes.slice() };
  }

  hasBytes(base_key: Bytes): boolean {
    return !this.#erased && equalBytes(this.#bytes, base_key);
  }

  /** The key of one context, at once when it was asked for before. After an erasure it is an erased one. */
  context(context: Context): Awaitable<SframeKey> {
    return (this.#contexts[context] ??= this.#derive(context));
  }

  /** The base key of the next step; of an erased one, an erased one. Throws RangeError after step 15: then it takes a new generation. */
  async ratcheted(): Promise<BaseKey> {
    const base_key = await ratchetBaseKey(this.#crypto, ROOM_SUITE, this.#bytes);
    const next = new BaseKey(this.#crypto, { generation: this.generation, step: this.step + 1, base_key });
    // What follows from overwritten bytes is a key that everybody knows.
    if (this.#erased) next.erase();
    return next;
  }

  /** Overwrites the key and those of its contexts. */
  erase(): void {
    this.#erased = true;
    erase(this.#bytes);
    for (const key of this.#contexts) {
      if (key !== undefined && !(key instanceof Promise)) key.erase();
    }
  }

  async #derive(context: Context): Promise<SframeKey> {
    const { generation, step } = this;
    const secret = await sframeSecret(this.#crypto, ROOM_SUITE, this.#bytes);
    const key = await deriveSframeKey(
      this.#crypto,
      ROOM_SUITE,
      secret,
      packKid({ generation, step, context }),
    );
    erase(secret);
    if (this.#erased) key.erase();
    this.#contexts[context] = key;
    return key;
  }
}
