import type { AckClock } from './ack-clock.ts';
import { FLOOR_MS, TOP_LAYER_MS } from './thresholds.ts';

/** For how long only layer 0 of video is sent to see whether the receiver comes near its floor, ms. */
const THIN_MS = 2_000;
/** For how long nothing that may be left out is sent, at most, ms: what was sent before has arrived by then, or it stalls. */
const SILENT_MS = 4_000;
/** The longest time between two probes that found nothing new, ms. */
const LONGEST_WAIT_MS = 80_000;
/** A floor that rose by more than this is another way, ms. */
const OTHER_WAY_MS = 50;

export type ProbeStage = 'none' | 'thin' | 'silent';

/**
 * Whether a receiver that has been late for long has a queue of ours before it, or a longer way than before. For a while it
 * gets less. A queue shrinks, and it is not late any more. If that does not happen it gets nothing that may be left out until
 * all that was under way has arrived: what a short message takes then is the new floor.
 */
export class Probe {
  stage: ProbeStage = 'none';
  #since = 0;
  #floor = 0;
  #wait = FLOOR_MS;
  #ended_at = -Infinity;

  /** `late`: something is left out for this receiver now. True if a short message is to be sent to it. */
  step(clock: AckClock, late: boolean, now: number): boolean {
    if (this.stage === 'none') {
      const doubted_since = Math.max(clock.floor_confirmed_at, this.#ended_at);
      if (!late || now - doubted_since < this.#wait) return false;
      this.#floor = clock.floor ?? 0;
      this.#enter('thin', now);
    } else if (clock.floor_confirmed_at > this.#since) {
      const risen = (clock.floor ?? 0) > this.#floor + OTHER_WAY_MS;
      this.#end(risen ? FLOOR_MS : this.#wait * 2, now);
    } else if (this.stage === 'thin') {
      const on_time = clock.sampled_at > this.#since && clock.sample_excess <= TOP_LAYER_MS;
      if (on_time) this.#end(this.#wait, now);
      else if (now - this.#since >= THIN_MS) this.#enter('silent', now);
    } else if (now - this.#since >= SILENT_MS) this.#end(this.#wait * 2, now);
    return this.stage === 'silent' && clock.under_way === 0;
  }

  #enter(stage: ProbeStage, now: number): void {
    this.stage = stage;
    this.#since = now;
  }

  #end(wait: number, now: number): void {
    this.stage = 'none';
    this.#wait = Math.min(wait, LONGEST_WAIT_MS);
    this.#ended_at = now;
  }
}
