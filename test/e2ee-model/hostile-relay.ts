/** What a relay does to frames that means harm: as often as its weather says. */
import type { Bytes } from '../../client/src/e2ee/bytes.ts';
import type { Late } from '../support/sealed-relay.ts';
import type { SealedTown } from '../support/sealed-town.ts';
import type { Weather } from './script.ts';

const LONGEST_DELAY_MS = 3_000;

export class HostileRelay {
  weather: Weather;
  readonly #town: SealedTown;
  readonly #integer: (below: number) => number;
  /** Frames that are not what their sender sent, or came before. */
  readonly #odd = new WeakSet<Bytes>();

  constructor(town: SealedTown, weather: Weather, integer: (below: number) => number) {
    this.#town = town;
    this.weather = weather;
    this.#integer = integer;
  }

  isOdd(frame: Bytes): boolean {
    return this.#odd.has(frame);
  }

  /** Whether it keeps to itself that somebody came or left. */
  hushes(): boolean {
    return this.#chance(this.weather.hush);
  }

  delay(): number {
    return this.#integer(LONGEST_DELAY_MS);
  }

  /** What becomes of a frame on its way. */
  pass(frame: Bytes): (Bytes | Late)[] {
    const { drop, repeat, delay, stale, spoil } = this.weather;
    const { seen } = this.#town;
    const frames: (Bytes | Late)[] = [];
    if (!this.#chance(drop)) {
      if (this.#chance(spoil)) {
        frame[this.#integer(frame.length)]! ^= 1 << this.#integer(8);
        this.#odd.add(frame);
      }
      frames.push(this.#chance(delay) ? { frame, after: this.delay() } : frame);
    }
    if (this.#chance(repeat)) frames.push(this.#late(frame));
    if (this.#chance(stale)) frames.push(this.#late(seen[this.#integer(seen.length)]!.frame));
    return frames;
  }

  #chance(thousandths: number): boolean {
    return thousandths > 0 && this.#integer(1_000) < thousandths;
  }

  #late(frame: Bytes): Late {
    const copy = frame.slice();
    this.#odd.add(copy);
    return { frame: copy, after: this.delay() };
  }
}
