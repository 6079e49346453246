/**
 * The wait for the place of a room, while a task is being started for it (docs/protocol.md, R70). Loaded only when it is
 * needed: so it imports nothing that is loaded before.
 */
import type { ControlPush } from '../../shared/protocol/control-channel.ts';
import { ControlChannel } from './control-channel.ts';
import type { AnteroomError } from './errors.ts';
import type { AnyGrant, OpenGrant, PendingGrant, Place } from './grant.ts';
import type { Platform } from './platform.ts';
import type { RouterApi } from './router-api.ts';
import type { Timings } from './timings.ts';

export interface WaitDeps {
  platform: Pick<Platform, 'openSocket' | 'onWake'>;
  api: Pick<RouterApi, 'resume' | 'place'>;
  timings: Timings;
  signal: AbortSignal | undefined;
}

export type WaitOutcome =
  | { kind: 'placed'; grant: OpenGrant }
  /** No task came in time, or the place was gone again before we knew of it. */
  | { kind: 'given_up'; cause?: AnteroomError }
  | { kind: 'refused'; error: AnteroomError }
  /** By the signal. */
  | { kind: 'aborted' };

/** Those who are told together to ask do so within this time, ms. */
const SPREAD_MS = 500;

/**
 * The control channel tells, and where it does not (there is none, it does not open, it leaves off), the router is asked
 * every few seconds. When the room is given up is the router's word: the clock of this machine may be wrong, and counts
 * only where the router is not heard.
 */
class Wait {
  readonly outcome: Promise<WaitOutcome>;
  readonly #deps: WaitDeps;
  readonly #told: (expires_at: number) => void;
  readonly #channel: ControlChannel | undefined;
  readonly #stopWaking: () => void;
  readonly #abort = (): void => this.#end({ kind: 'aborted' });
  readonly #since = performance.now();
  #heard_at = this.#since;
  #expires_at: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request: AbortController | undefined;
  /** The room has a place that the router has yet to tell us: the channel told only that. */
  #must_ask = false;
  #over = false;
  readonly #grant: PendingGrant;
  #resolve: (outcome: WaitOutcome) => void = () => undefined;

  constructor(grant: PendingGrant, credentials: string, deps: WaitDeps, told: (expires_at: number) => void) {
    const { platform, timings, signal } = deps;
    this.#grant = grant;
    this.#deps = deps;
    this.#told = told;
    this.#expires_at = grant.expires_at;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const { control_url: url, room_id } = grant;
    if (url !== undefined) {
      const { openSocket } = platform;
      this.#channel = new ControlChannel({ openSocket, timings }, { url, room_id, credentials }, (push) =>
        this.#pushed(push),
      );
    }
    this.#stopWaking = platform.onWake(() => this.#woke());
    signal?.addEventListener('abort', this.#abort, { once: true });
    this.#schedule();
    told(grant.expires_at);
  }

  #end(outcome: WaitOutcome): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#channel?.close();
    this.#stopWaking();
    this.#deps.signal?.removeEventListener('abort', this.#abort);
    this.#resolve(outcome);
  }

  #schedule(least_ms = 0): void {
    const { pending_poll_ms, longest_pending_ms } = this.#deps.timings;
    if (performance.now() - this.#since > longest_pending_ms) {
      this.#end({ kind: 'given_up' });
      return;
    }
    // Those who began together need not go on together.
    const ms = least_ms + pending_poll_ms * (0.75 + Math.random() / 2);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#due(), ms);
  }

  #due(): void {
    const is_told = this.#channel?.up === true && Date.now() < this.#expires_at;
    if (is_told && !this.#must_ask) this.#schedule();
    else void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#request !== undefined) return;
    this.#request = new AbortController();
    const must_ask = this.#must_ask;
    this.#must_ask = false;
    try {
      this.#answered(await this.#deps.api.resume(this.#grant, this.#request.signal));
    } catch (error) {
      this.#must_ask ||= must_ask;
      this.#refused(error as AnteroomError);
    }
    this.#request = undefined;
  }

  #answered(grant: AnyGrant): void {
    if (grant.state === 'open') {
      this.#end({ kind: 'placed', grant });
      return;
    }
    if (this.#over) return;
    this.#heard_at = performance.now();
    this.#expires(grant.expires_at);
    this.#schedule();
  }

  #refused(error: AnteroomError): void {
    if (this.#over) return;
    if (error.from_router && !error.retryable) {
      const gone = error.code === 'room_not_found' || error.code === 'client_not_found';
      this.#end(gone ? { kind: 'given_up', cause: error } : { kind: 'refused', error });
      return;
    }
    const unheard_ms = performance.now() - this.#heard_at;
    if (Date.now() >= this.#expires_at && unheard_ms >= this.#deps.timings.first_grant_ms) {
      this.#end({ kind: 'given_up', cause: error });
      return;
    }
    this.#schedule(error.retry_after_ms);
  }

  #pushed(push: ControlPush): void {
    this.#heard_at = performance.now();
    if (push.type === 'room.closed') this.#end({ kind: 'given_up' });
    else if (push.type === 'room.pending') this.#expires(push.expires_at);
    else if (push.type === 'room.moved') this.#moved();
    else if (push.epoch >= this.#grant.epoch) this.#ready(push);
  }

  #moved(): void {
    this.#must_ask = true;
    if (this.#request !== undefined) return;
    // All who wait for the room are told at once.
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#due(), Math.random() * SPREAD_MS);
  }

  #ready(place: Place): void {
    try {
      this.#end({ kind: 'placed', grant: this.#deps.api.place(this.#grant, place) });
    } catch (error) {
      this.#end({ kind: 'refused', error: error as AnteroomError });
    }
  }

  #expires(at: number): void {
    if (at === this.#expires_at) return;
    this.#expires_at = at;
    this.#told(at);
  }

  /** After a sleep neither timers nor the channel can be trusted: look now. */
  #woke(): void {
    this.#channel?.sync();
    void this.#ask();
  }
}

/**
 * Waits until the room of `grant` is served. `credentials`: its token. `told` hears when the room will be given up, at once and
 * whenever that changes. Never rejects.
 */
export function awaitPlace(...wait: ConstructorParameters<typeof Wait>): Promise<WaitOutcome> {
  return new Wait(...wait).outcome;
}
