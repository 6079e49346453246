/**
 * What a room's senders are told about receivers that cannot keep up, over all receivers: one of these per room, made when
 * it is first needed.
 */
import type { Congested, NeedKeyframe } from '../../shared/protocol/control.ts';
import type { Beating } from '../pulse.ts';

/** Time between two messages of a kind about one thing at least, ms. */
const EVERY_MS = 1_000;
const LEVELS = 4;

export interface NoticeDeps {
  /** Tells the client at `slot`; does nothing if it is not connected. */
  tell(slot: number, control: NeedKeyframe | Congested): void;
  /** Where this is added while something is still to be told, and taken out again. */
  pulse: { add(one: Beating): void; delete(one: Beating): void };
}

interface Source {
  /** Receivers at each level. */
  receivers: number[];
  told_level: number;
  told_receivers: number;
  told_at: number;
  /** When a keyframe of each stream was asked for; empty before the first. */
  asked_at: Map<number, number>;
}

export class RoomNotices implements Beating {
  readonly #deps: NoticeDeps;
  readonly #sources = new Map<number, Source>();
  /** Slots whose state is still to be told. */
  readonly #pending = new Set<number>();

  constructor(deps: NoticeDeps) {
    this.#deps = deps;
  }

  /** Some receiver could take a keyframe of `stream`. The sender hears it once a second at most. */
  needKeyframe(source: number, stream: number, now: number): void {
    const { asked_at } = this.#of(source);
    if (now - (asked_at.get(stream) ?? -Infinity) < EVERY_MS) return;
    asked_at.set(stream, now);
    this.#deps.tell(source, { type: 'need_keyframe', stream });
  }

  /** What one receiver leaves out of `source`'s frames went from level `before` to `level`. */
  congested(source: number, level: number, before: number, now: number): void {
    const { receivers } = this.#of(source);
    if (before > 0 && receivers[before]! > 0) receivers[before]!--;
    if (level > 0) receivers[level]!++;
    this.#settle(source, now);
  }

  /** The client at `slot` has a new connection: it knows nothing of what its last one was told. */
  connected(slot: number, now: number): void {
    const state = this.#sources.get(slot);
    if (state === undefined) return;
    state.told_level = 0;
    state.told_receivers = 0;
    this.#settle(slot, now);
  }

  /** The client at `slot` has given up its seat. */
  forget(slot: number): void {
    this.#sources.delete(slot);
    this.#pending.delete(slot);
    if (this.#pending.size === 0) this.#deps.pulse.delete(this);
  }

  /** The room is served here no more. */
  end(): void {
    this.#sources.clear();
    this.#pending.clear();
    this.#deps.pulse.delete(this);
  }

  beat(now: number): void {
    for (const slot of this.#pending) this.#settle(slot, now);
  }

  /** Tells the state of `slot` if it is another than was told; later if it was told within the last second. */
  #settle(slot: number, now: number): void {
    const state = this.#of(slot);
    const level = levelOf(state.receivers);
    const receivers = state.receivers[1]! + state.receivers[2]! + state.receivers[3]!;
    if (level === state.told_level && receivers === state.told_receivers) return this.#done(slot);
    if (now - state.told_at < EVERY_MS) {
      if (this.#pending.size === 0) this.#deps.pulse.add(this);
      this.#pending.add(slot);
      return;
    }
    state.told_level = level;
    state.told_receivers = receivers;
    state.told_at = now;
    this.#deps.tell(slot, { type: 'congested', level, receivers });
    this.#done(slot);
  }

  #done(slot: number): void {
    if (this.#pending.delete(slot) && this.#pending.size === 0) this.#deps.pulse.delete(this);
  }

  #of(slot: number): Source {
    let state = this.#sources.get(slot);
    if (state === undefined) {
      state = {
        receivers: Array.from({ length: LEVELS }, () => 0),
        told_level: 0,
        told_receivers: 0,
        told_at: -Infinity,
        asked_at: new Map(),
      };
      this.#sources.set(slot, state);
    }
    return state;
  }
}

/** The worst level that any receiver is at. */
function levelOf(receivers: readonly number[]): 0 | 1 | 2 | 3 {
  return receivers[3]! > 0 ? 3 : receivers[2]! > 0 ? 2 : receivers[1]! > 0 ? 1 : 0;
}
