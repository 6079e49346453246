/** How long a client hears no pose of another while tasks drain. */
import type { Fault, Ledger } from './ledger.ts';

/** One who sends poses, as another hears it. */
export interface Posing {
  readonly over: boolean;
  /** Counts what the load itself does to it: its connection cut, its page loaded anew. */
  readonly stirred: number;
  /** Counts the faults that hit its task. */
  readonly strikes: number;
}

interface Last {
  at: number;
  stirred: number;
}

interface Gap {
  most: number;
  /** Less what the load itself stood still. */
  most_net: number;
  stirred: number;
  strikes: number;
}

/** A drain: the longest time without a pose since it began, by speaker. */
interface Drain {
  hit: boolean;
  /** Another fault hit the listener's task before, and it has not recovered, or meanwhile. */
  disturbed: boolean;
  gaps: Map<Posing, Gap>;
}

/** Those of one listener. */
export class PoseGaps {
  readonly #ledger: Ledger;
  readonly #last = new Map<Posing, Last>();
  readonly #drains = new Map<Fault, Drain>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A task drains; `hit`: that of the listener. `disturbed`: another fault keeps it from hearing others already. */
  drains(fault: Fault, { hit, disturbed }: { hit: boolean; disturbed: boolean }): void {
    const gaps: Drain['gaps'] = new Map();
    for (const [speaker, last] of this.#last) {
      if (speaker.over) this.#last.delete(speaker);
      else if (speaker.stirred === last.stirred) gaps.set(speaker, this.#none(speaker));
    }
    this.#drains.set(fault, { hit, disturbed, gaps });
  }

  heard(speaker: Posing): void {
    const now = Date.now();
    const last = this.#last.get(speaker);
    this.#last.set(speaker, { at: now, stirred: speaker.stirred });
    for (const { gaps } of this.#drains.values()) {
      const gap = gaps.get(speaker);
      if (gap === undefined) gaps.set(speaker, this.#none(speaker));
      else if (last !== undefined) this.#widen(gap, last.at, now);
    }
  }

  /** Another fault hits the task of the listener. */
  struck(): void {
    for (const drain of this.#drains.values()) drain.disturbed = true;
  }

  /** The load itself disturbs the listener: what it misses says nothing. */
  forget(): void {
    this.#last.clear();
    this.#drains.clear();
  }

  /** The drain is over. */
  drained(fault: Fault): void {
    const drain = this.#drains.get(fault);
    this.#drains.delete(fault);
    if (drain === undefined) return;
    const { pose_gaps } = this.#ledger;
    const now = Date.now();
    for (const [speaker, gap] of drain.gaps) {
      const last = this.#last.get(speaker);
      if (last === undefined || speaker.over || speaker.stirred !== gap.stirred) continue;
      this.#widen(gap, last.at, now);
      const disturbed = drain.disturbed || speaker.strikes !== gap.strikes;
      const into = disturbed ? pose_gaps.disturbed : drain.hit ? pose_gaps.hit : pose_gaps.others;
      into.push(gap.most);
      if (into === pose_gaps.hit) pose_gaps.hit_net.push(gap.most_net);
    }
  }

  #widen(gap: Gap, from: number, to: number): void {
    const ms = to - from;
    gap.most = Math.max(gap.most, ms);
    if (ms > gap.most_net) gap.most_net = Math.max(gap.most_net, ms - this.#ledger.stalls.within(from, to));
  }

  #none({ stirred, strikes }: Posing): Gap {
    return { most: 0, most_net: 0, stirred, strikes };
  }
}
