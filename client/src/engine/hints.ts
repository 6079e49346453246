/** What relays tell about receivers that cannot keep up, for those who are to hear it. */
import { DROPPED_CLASSES } from '../../../shared/protocol/control.ts';
import type { Congested } from '../../../shared/protocol/control.ts';
import type { Hint } from './engine.ts';
import type { Line, LineHint } from './line.ts';
import type { Places } from './places.ts';

export type Congestion = Pick<Congested, 'level' | 'receivers'>;

export const NO_CONGESTION: Congestion = { level: 0, receivers: 0 };

export class Hints {
  readonly #tell: (hint: Hint) => void;
  /** As it was told last. */
  #congestion = NO_CONGESTION;

  constructor(tell: (hint: Hint) => void) {
    this.#tell = tell;
  }

  /** What the relay of `line` says. `current`: see {@link Hints.compare}. */
  take(line: Line, hint: LineHint, current: readonly Line[], places: Places | undefined): void {
    switch (hint.type) {
      case 'need_keyframe':
        this.#tell({ kind: 'keyframe', stream: hint.stream });
        return;
      case 'congested':
        line.congestion = hint;
        this.compare(current);
        return;
      case 'dropped':
        for (const { slot, class: name, stream, count } of hint.frames) {
          const from = line.slots.idOf(slot);
          // It may have left meanwhile. And what is left out on a newer line may yet come on an older one.
          if (from === undefined || places?.isEarly(from, line.number) === true) continue;
          this.#tell({ kind: 'dropped', from, class: DROPPED_CLASSES[name], stream, count });
        }
        return;
    }
  }

  /** Tells the worst of what the relays of `lines`, which we send on, say of our receivers. */
  compare(lines: readonly Line[]): void {
    const { level, receivers } = lines.reduce<Congestion>(
      (worst, { congestion }) => (congestion.level > worst.level ? congestion : worst),
      NO_CONGESTION,
    );
    if (level === this.#congestion.level && receivers === this.#congestion.receivers) return;
    this.#congestion = { level, receivers };
    this.#tell({ kind: 'congested', level, receivers });
  }

  /** Each first line begins without congestion, which is not told. */
  clear(): void {
    this.#congestion = NO_CONGESTION;
  }
}
