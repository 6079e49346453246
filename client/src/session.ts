import { CLOSE } from '../../shared/protocol/close-codes.ts';
import type { Joined, Left, Welcome } from '../../shared/protocol/control.ts';
import type { Bytes } from './e2ee/bytes.ts';
import type { OutgoingFrame, Standing, Trouble } from './e2ee/channel.ts';
import type { Engine, EngineConfig, EngineEvents, Hint } from './engine/engine.ts';
import { errorOf } from './endings.ts';
import { AnteroomError } from './errors.ts';
import { expectPlace } from './grant.ts';
import type { OpenGrant } from './grant.ts';
import { inlet } from './inlet.ts';
import { FIRST_PHASE, stateOf, step } from './machine.ts';
import type { Effect, MachineEvent, Phase } from './machine.ts';
import { Mover } from './mover.ts';
import { OutageWatch } from './outage-watch.ts';
import type { Platform } from './platform.ts';
import type { RouterApi } from './router-api.ts';
import type { Timings } from './timings.ts';
import type { ConnectionState, Frame, ReconnectPolicy } from './types.ts';

export interface SessionDeps {
  platform: Platform;
  api: RouterApi;
  /** Does not throw. */
  policy: ReconnectPolicy;
  timings: Timings;
  /** undefined: an unencrypted room. */
  sealing: EngineConfig['sealing'];
}

/** What the room hears of its session. */
export interface SessionEvents {
  state(state: ConnectionState): void;
  /** Of sealed rooms: comes before the state that it leads to, and before the welcome. */
  securing(welcome: Welcome): void;
  /** Comes before the state that it leads to; what it returns is called after that. */
  welcome(welcome: Welcome): () => void;
  peer(message: Joined | Left): void;
  frame(frame: Frame): void;
  standing(standing: Standing): void;
  trouble(trouble: Trouble): void;
  /** The relay or a client (`from`) sent what it must not; it was dropped. */
  fault(message: string, from: string | undefined): void;
  /** Where the room has moved, and who it is that serves it. */
  arrived(welcome: Welcome): void;
  /** See `EngineEvents`. */
  hint(hint: Hint): void;
  move(move: { from: string; room_id: string; secret: Bytes }): void;
  /** Whether this client was told to have joined, and not to have left. */
  isMember(client_id: string): boolean;
}

const sameState = (a: ConnectionState, b: ConnectionState): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Keeps one client connected: carries out what the machine decides, with an engine, timers and requests. */
export class Session {
  /** Resolves at the first welcome; rejects with `AnteroomError` if the room closes before. */
  readonly ready: Promise<void>;
  readonly #deps: SessionDeps;
  readonly #events: SessionEvents;
  readonly #stopWaking: () => void;
  readonly #watch: OutageWatch;
  readonly #mover: Mover;
  #grant: OpenGrant;
  #phase: Phase = FIRST_PHASE;
  #state: ConnectionState = stateOf(FIRST_PHASE);
  #engine: Engine | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request: AbortController | undefined;
  #hungUp: Promise<void> = Promise.resolve();
  #resolveReady: () => void = () => undefined;
  #rejectReady: (error: AnteroomError) => void = () => undefined;

  constructor(grant: OpenGrant, deps: SessionDeps, events: SessionEvents) {
    this.#grant = grant;
    this.#deps = deps;
    this.#events = events;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    const { platform, timings } = deps;
    this.#watch = new OutageWatch({ openSocket: platform.openSocket, timings }, () => this.#told());
    this.#mover = new Mover({
      policy: deps.policy,
      open: (url = this.#grant.url) => this.#engine?.move({ ...this.#grant, url }),
      ask: (signal) => this.#resume(signal),
    });
    this.#stopWaking = platform.onWake(() => this.#woke());
    void this.#start();
  }

  get grant(): OpenGrant {
    return this.#grant;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get bufferedAmount(): number {
    return this.#phase.at === 'closed' ? 0 : (this.#engine?.bufferedAmount ?? 0);
  }

  /** Only while live or securing. */
  send(frame: OutgoingFrame): void {
    this.#engine?.send(frame);
  }

  safetyNumber(): Promise<string> {
    return this.#connected().safetyNumber();
  }

  /** See `Channel.invite`. */
  invite(to: readonly string[], room_id: string, secret: Bytes): Promise<string[]> {
    return this.#connected().invite(to, room_id, secret);
  }

  /** Gives the seat up; resolves when the socket is closed. */
  leave(): Promise<void> {
    this.#dispatch({ type: 'leave' });
    return this.#hungUp;
  }

  /** Throws why the room is over, if it is. */
  expectOpen(): void {
    if (this.#phase.at === 'closed') throw errorOf(this.#phase.reason);
  }

  #connected(): Engine {
    this.expectOpen();
    if (this.#engine === undefined) throw new AnteroomError('closed', 'The room is not connected yet');
    return this.#engine;
  }

  async #start(): Promise<void> {
    const { platform, timings, sealing } = this.#deps;
    const { dead_after_ms, close_timeout_ms } = timings;
    try {
      const config = { dead_after_ms, close_timeout_ms, sealing };
      const engine = await platform.openEngine(config, this.#engineEvents());
      // The room may have been left meanwhile.
      if (this.#phase.at === 'closed') {
        engine.dispose();
        return;
      }
      this.#engine = engine;
      engine.connect(this.#grant);
    } catch (cause) {
      const error =
        cause instanceof AnteroomError
          ? cause
          : new AnteroomError('protocol', 'The connection could not be set up', { cause });
      this.#dispatch({ type: 'broken', error });
    }
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
    if (phase.at !== 'live' && phase.at !== 'securing') this.#mover.dispatch({ type: 'over' });
    for (const effect of effects) {
      this.#run(effect);
      if (this.#phase !== phase) return;
    }
    const state = stateOf(phase);
    if (sameState(state, this.#state)) return;
    this.#state = state;
    if (state.status === 'live' || state.status === 'closed') this.#watch.stop();
    if (state.status === 'live') this.#resolveReady();
    if (state.status === 'closed') {
      this.#stopWaking();
      void this.#hungUp.then(() => this.#engine?.dispose());
      this.#rejectReady(errorOf(state.reason));
    }
    this.#events.state(state);
  }

  #run(effect: Effect): void {
    switch (effect.do) {
      case 'open':
        this.#engine?.connect(this.#grant);
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
        this.#hungUp = this.#engine?.hangUp(effect.leaving) ?? Promise.resolve();
        return;
    }
  }

  #engineEvents(): EngineEvents {
    const room = this.#events;
    const events: EngineEvents = {
      securing: (welcome) => {
        room.securing(welcome);
        this.#dispatch({ type: 'securing' });
      },
      welcome: (welcome) => {
        const announce = room.welcome(welcome);
        this.#dispatch({ type: 'welcome' });
        announce();
      },
      moved: (url) => {
        if (this.#phase.at === 'opening') this.#dispatch({ type: 'moved' });
        else this.#mover.dispatch({ type: 'moved', url });
      },
      arrived: (welcome) => {
        room.arrived(welcome);
        this.#mover.dispatch({ type: 'arrived' });
      },
      strayed: (code, reason) => this.#strayed(code, reason),
      reopening: (code, reason) => this.#dispatch({ type: 'reopening', code, reason }),
      closed: (code, reason) => this.#dispatch({ type: 'closed', code, reason }),
      dead: () => this.#dispatch({ type: 'dead' }),
      peer: (message) => room.peer(message),
      frame: (frame) => room.frame(frame),
      standing: (standing) => room.standing(standing),
      trouble: (trouble) => room.trouble(trouble),
      fault: (message, from) => room.fault(message, from),
      hint: (hint) => room.hint(hint),
      move: (move) => room.move(move),
    };
    return inlet(events, {
      isMember: (client_id) => room.isMember(client_id),
      isOver: () => this.#phase.at === 'closed',
    });
  }

  /** Resumes at the router: the address may be another task's by now. */
  async #ask(): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    // Of an aborted request the machine wants to know nothing: by then it is not asking any more.
    this.#dispatch(await this.#resume(request.signal));
  }

  async #resume(signal: AbortSignal): Promise<MachineEvent & { type: 'granted' | 'refused' }> {
    try {
      this.#grant = expectPlace(await this.#deps.api.resume(this.#grant, signal));
      return { type: 'granted' };
    } catch (cause) {
      const error =
        cause instanceof AnteroomError
          ? cause
          : new AnteroomError('protocol', 'The resume could not be made', { cause });
      if (error.code === 'no_task_available' && this.#phase.at === 'asking' && !signal.aborted)
        this.#watch.noTask(this.#grant);
      return { type: 'refused', error };
    }
  }

  #strayed(code: number, reason: string): void {
    if (code !== CLOSE.REPLACED) {
      this.#mover.dispatch({ type: 'strayed' });
      return;
    }
    // Who took our seat there has it here, too.
    this.#hungUp = this.#engine?.hangUp(false) ?? Promise.resolve();
    this.#dispatch({ type: 'closed', code, reason });
  }

  #told(): boolean {
    if (this.#phase.at !== 'waiting') return false;
    this.#dispatch({ type: 'told' });
    return true;
  }

  /** After a sleep neither timers nor the socket can be trusted: look now. */
  #woke(): void {
    this.#engine?.probe();
    this.#dispatch({ type: 'woke' });
  }
}
