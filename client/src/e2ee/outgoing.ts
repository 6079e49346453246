/** What the application sends: sealed and sent, or kept until keys are agreed on. What comes of neither is told. */
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import type { Awaitable } from './awaitable.ts';
import type { ChannelEvents, OutgoingFrame } from './channel.ts';
import type { KeyRing } from './key-ring.ts';
import type { Membership } from './membership.ts';
import type { Sending } from './sending.ts';
import { Waiting } from './waiting.ts';

export interface OutgoingDeps {
  membership: Membership;
  key_ring: KeyRing;
  sending: Sending;
  trouble: ChannelEvents['trouble'];
  isClosed: () => boolean;
}

export class Outgoing {
  readonly #deps: OutgoingDeps;
  readonly #waiting = new Waiting();

  constructor(deps: OutgoingDeps) {
    this.#deps = deps;
  }

  send(frame: OutgoingFrame): void {
    const { membership, key_ring, sending } = this.#deps;
    const { class: frame_class, to } = frame;
    if (!membership.gate.isOpen) {
      // Of other classes the next is worth more than the last.
      if (frame_class === FRAME_CLASS.MSG && !this.#waiting.add(frame)) {
        this.#notSent(to, 'too many messages wait for keys');
      }
      return;
    }
    const peer = to === undefined ? undefined : membership.peers.ofClient(to);
    if (to !== undefined && peer?.sealed !== true) {
      this.#notSent(to, 'it is not here, or holds no keys');
      return;
    }
    // It may be late where timers are held back, and the others do not accept the key of before for ever.
    key_ring.tick();
    const { payload, to: _, ...fields } = frame;
    const bytes = new Uint8Array(payload);
    void this.run(
      () => sending.seal(fields, peer, bytes),
      () => this.#notSent(to, 'this identity has no numbers left: leave, and join anew'),
    );
  }

  /** Keys are agreed on: sends what waited for them. */
  flush(): void {
    for (const message of this.#waiting.take()) this.send(message);
  }

  /** Does what seals. `failed`: a counter is at its end. What fails after we are closed does not matter. */
  run(work: () => Awaitable<void>, failed?: () => void): Awaitable<void> {
    const caught = (error: unknown): void => {
      if (error instanceof RangeError) failed?.();
      else if (!this.#deps.isClosed()) throw error;
    };
    try {
      const result = work();
      return result instanceof Promise ? result.catch(caught) : result;
    } catch (error) {
      caught(error);
    }
  }

  #notSent(to: string | undefined, why: string): void {
    this.#deps.trouble({ kind: 'not_sent', to, why });
  }
}
