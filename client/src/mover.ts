import { AT_REST, moveStep } from './move.ts';
import type { Move, MoveEffect, MoveEvent } from './move.ts';
import type { ReconnectPolicy } from './types.ts';

export interface MoverDeps {
  /** Does not throw. */
  policy: ReconnectPolicy;
  /** Opens a connection beside the other: at `url`, or where the latest grant says. */
  open: (url: string | undefined) => void;
  /** Resumes at the router. Does not reject. */
  ask: (signal: AbortSignal) => Promise<MoveEvent & { type: 'granted' | 'refused' }>;
}

/** Takes a connection that is up to where its room has moved: carries out what `moveStep` decides. */
export class Mover {
  readonly #deps: MoverDeps;
  #move: Move = AT_REST;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request: AbortController | undefined;

  constructor(deps: MoverDeps) {
    this.#deps = deps;
  }

  dispatch(event: MoveEvent): void {
    const { policy } = this.#deps;
    const before = this.#move;
    const { move, effects } = moveStep(before, event, { now: Date.now(), policy });
    // The policy is the application's. If it leaves the room meanwhile, that stands.
    if (this.#move !== before) return;
    this.#move = move;
    for (const effect of effects) this.#run(effect);
  }

  #run(effect: MoveEffect): void {
    switch (effect.do) {
      case 'open':
        this.#deps.open(effect.url);
        return;
      case 'ask':
        void this.#ask();
        return;
      case 'wait':
        this.#timer = setTimeout(() => this.dispatch({ type: 'due' }), effect.ms);
        return;
      case 'cancel':
        clearTimeout(this.#timer);
        this.#request?.abort();
        return;
    }
  }

  async #ask(): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    const answer = await this.#deps.ask(request.signal);
    // Another may have been asked since.
    if (!request.signal.aborted) this.dispatch(answer);
  }
}
