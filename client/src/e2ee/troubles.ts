/** Counts what goes wrong by sender and reason: a flood of frames that do not open makes one report a second, not thousands. */
import type { Trouble, UnreadableReason } from './channel.ts';

const EVERY_MS = 1_000;

interface Tally {
  from: string | undefined;
  reason: UnreadableReason;
  count: number;
  reported_at: number;
}

export class Troubles {
  readonly #tell: (trouble: Trouble) => void;
  readonly #tallies = new Map<string, Tally>();

  constructor(tell: (trouble: Trouble) => void) {
    this.#tell = tell;
  }

  /** `from`: client id, where one is to blame. */
  unreadable(from: string | undefined, reason: UnreadableReason, now: number, count = 1): void {
    const name = `${reason} ${from}`;
    const tally = this.#tallies.get(name) ?? { from, reason, count: 0, reported_at: -Infinity };
    this.#tallies.set(name, tally);
    tally.count += count;
    this.#report(tally, now);
  }

  /** Reports what was counted since. To be called about once a second. */
  tick(now: number): void {
    for (const [name, tally] of this.#tallies) {
      if (tally.count > 0) this.#report(tally, now);
      else if (now - tally.reported_at >= EVERY_MS) this.#tallies.delete(name);
    }
  }

  #report(tally: Tally, now: number): void {
    if (now - tally.reported_at < EVERY_MS) return;
    const { from, reason, count } = tally;
    tally.count = 0;
    tally.reported_at = now;
    this.#tell({ kind: 'unreadable', from, reason, count });
  }
}
