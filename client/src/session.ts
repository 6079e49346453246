import type { ClientControl, Joined, Left, Welcome } from '../../shared/protocol/control.ts';
import type { Grant } from './api-types.ts';
import { Connection } from './connection.ts';
import { readControl } from './control.ts';
import type { Control } from './control.ts';
import { AnteroomError } from './errors.ts';
import { FIRST_PHASE, stateOf, step } from './machine.ts';
import type { Effect, MachineEvent, Phase } from './machine.ts';
import type { Platform } from './platform.ts';
import type { RouterApi } from './router-api.ts';
import type { Timings } from './timings.ts';
import type { CloseReason, ConnectionState, ReconnectPolicy } from './types.ts';

export interface SessionDeps {
  platform: Platform;
  api: RouterApi;
  /** Does not throw. */
  policy: ReconnectPolicy;
  timings: Timings;
}

/** What the room hears of its session. */
export interface SessionEvents {
  state(state: ConnectionState): void;
  /** Comes before the state that it leads to; what it returns is called after that. */
  welcome(welcome: Welcome): () => void;
  peer(message: Joined | Left): void;
  frame(bytes: Uint8Array<ArrayBuffer>): void;
  /** The relay sent what it must not; it was dropped. */
  fault(error: AnteroomError): void;
}

const ENDINGS = {
  left: 'The room was left',
  gone: 'The room, or the seat in it, is gone',
  replaced: 'This client connected elsewhere with the same ticket',
} as const;

/** What a caller reads who waited for a room that closed before it was live. */
function errorOf(reason: CloseReason): AnteroomError {
  if (reason.kind === 'gave_up') return reason.error;
  if (reason.kind !== 'refused') return new AnteroomError('closed', ENDINGS[reason.kind]);
  return new AnteroomError(
    'closed',
    `The relay refused this client: ${`${reason.code} ${reason.reason}`.trim()}`,
  );
}

const sameState = (a: ConnectionState, b: ConnectionState): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Keeps one client connected: carries out what the machine decides, with sockets, timers and requests. */
export class Session {
  /** Resolves at the first welcome; rejects with `AnteroomError` if the room closes before. */
  readonly ready: Promise<void>;
  readonly #deps: SessionDeps;
  readonly #events: SessionEvents;
  readonly #stopWaking: () => void;
  #grant: Grant;
  #phase: Phase = FIRST_PHASE;
  #state: ConnectionState = stateOf(FIRST_PHASE);
  #connection: Connection | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request: AbortController | undefined;
  #hungUp: Promise<void> = Promise.resolve();
  #resolveReady: () => void = () => undefined;
  #rejectReady: (error: AnteroomError) => void = () => undefined;

  constructor(grant: Grant, deps: SessionDeps, events: SessionEvents) {
    this.#grant = grant;
    this.#deps = deps;
    this.#events = events;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.#stopWaking = deps.platform.onWake(() => this.#woke());
    this.#run({ do: 'open' });
  }

  get grant(): Grant {
    return this.#grant;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get bufferedAmount(): number {
    return this.#connection?.open === true ? this.#connection.bufferedAmount : 0;
  }

  /** Sends now or not at all; false if the connection is not live. */
  send(frame: Uint8Array<ArrayBuffer>): boolean {
    if (this.#phase.at !== 'live' || this.#connection?.open !== true) return false;
    this.#connection.send(frame);
    return true;
  }

  /** Gives the seat up; resolves when the socket is closed. */
  leave(): Promise<void> {
    this.#dispatch({ type: 'leave' });
    return this.#hungUp;
  }

  #dispatch(event: MachineEvent): void {
    const before = this.#phase;
    const { phase, effects } = step(before, event, {
      now: Date.now(),
      policy: this.#deps.policy,
      stable_after_ms: this.#deps.timings.stable_after_ms,
    });
    // Policy and `fetch` are the application's. If one of them leaves the room meanwhile, that stands.
    if (this.#phase !== before) return;
    this.#phase = phase;
    for (const effect of effects) {
      this.#run(effect);
      if (this.#phase !== phase) return;
    }
    const state = stateOf(phase);
    if (sameState(state, this.#state)) return;
    this.#state = state;
    if (state.status === 'live') this.#resolveReady();
    if (state.status === 'closed') {
      this.#stopWaking();
      this.#rejectReady(errorOf(state.reason));
    }
    this.#events.state(state);
  }

  #run(effect: Effect): void {
    switch (effect.do) {
      case 'open':
        this.#open();
        return;
      case 'ask':
        void this.#ask();
        return;
      case 'wait':
        this.#timer = setTimeout(() => this.#dispatch({ type: 'due' }), effect.ms);
        return;
      case 'cancel':
        clearTimeout(this.#timer);
        this.#request?.abort();
        return;
      case 'hang_up':
        this.#hangUp(effect.leaving);
        return;
    }
  }

  #open(): void {
    this.#connection = new Connection(this.#deps.platform, this.#grant, this.#deps.timings, {
      text: (text) => this.#control(text),
      frame: (bytes) => {
        // Before the welcome no slot means anything.
        if (this.#phase.at === 'live') this.#events.frame(bytes);
      },
      closed: (code, reason) => this.#dispatch({ type: 'closed', code, reason }),
      dead: () => this.#dispatch({ type: 'dead' }),
    });
  }

  /** Resumes at the router: the address may be another task's by now. */
  async #ask(): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    // Of an aborted request the machine wants to know nothing: by then it is not asking any more.
    this.#dispatch(await this.#resume(request.signal));
  }

  async #resume(signal: AbortSignal): Promise<MachineEvent> {
    const { room_id, client_id, ticket } = this.#grant;
    try {
      const grant = await this.#deps.api.joinRoom({ room_id, client_id, ticket }, signal);
      if (grant.room_id !== room_id || grant.client_id !== client_id) {
        throw new AnteroomError('protocol', 'The router answered a resume with the seat of another client');
      }
      this.#grant = grant;
      return { type: 'granted' };
    } catch (cause) {
      const error =
        cause instanceof AnteroomError
          ? cause
          : new AnteroomError('protocol', 'The resume could not be made', { cause });
      return { type: 'refused', error };
    }
  }

  #hangUp(leaving: boolean): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (leaving && connection.open)
      connection.send(JSON.stringify({ type: 'leave' } satisfies ClientControl));
    this.#hungUp = connection.close(leaving ? 1000 : undefined);
  }

  #control(text: string): void {
    const reading = readControl(text);
    switch (reading.kind) {
      case 'ignored':
        return;
      case 'malformed':
        // Without a welcome there is no going on; later, one message less is no reason to part.
        if (this.#phase.at === 'opening') this.#connection?.fail(reading.message);
        else this.#events.fault(new AnteroomError('protocol', reading.message));
        return;
      case 'control':
        this.#act(reading.control);
        return;
    }
  }

  #act(control: Control): void {
    switch (control.type) {
      case 'welcome': {
        this.#connection?.welcomed();
        const announce = this.#events.welcome(control);
        this.#dispatch({ type: 'welcome' });
        announce();
        return;
      }
      case 'moved':
        this.#dispatch({ type: 'moved' });
        return;
      case 'joined':
      case 'left':
        this.#events.peer(control);
        return;
    }
  }

  /** After a sleep neither timers nor the socket can be trusted: look now. */
  #woke(): void {
    this.#connection?.probe();
    this.#dispatch({ type: 'woke' });
  }
}
