/** Clients of rooms that were lost: they are told where the room is, and sent away a moment later. */
import { CLOSE } from '../shared/protocol/close-codes.ts';
import type { NotOwned } from './registry-types.ts';
import type { Session } from './session.ts';

export class Departures {
  readonly #delay: number;
  readonly #leaving = new Map<NodeJS.Timeout, readonly Session[]>();

  /** `delay`: between `moved` and the close, ms. */
  constructor(delay: number) {
    this.#delay = delay;
  }

  /** `moved_to` undefined: the room is nowhere any more. Raw clients understand a close code only. */
  depart(sessions: readonly Session[], raw: boolean, moved_to: NotOwned['moved_to']): void {
    if (moved_to === undefined) return endAll(sessions, CLOSE.ROOM_GONE, 'gone');
    if (raw) return endAll(sessions, CLOSE.DRAINING, 'moved');
    for (const session of sessions) session.tell({ type: 'moved', ...moved_to, reason: 'rehomed' });
    const timer = setTimeout(() => {
      this.#leaving.delete(timer);
      endAll(sessions, CLOSE.DRAINING, 'moved');
    }, this.#delay);
    this.#leaving.set(timer, sessions);
  }

  /** Ends all that were told to go, now. */
  stop(): void {
    for (const [timer, sessions] of this.#leaving) {
      clearTimeout(timer);
      endAll(sessions, CLOSE.DRAINING, 'moved');
    }
    this.#leaving.clear();
  }
}

export function endAll(sessions: readonly Session[], code: number, reason: string): void {
  for (const session of sessions) session.end(code, reason);
}
