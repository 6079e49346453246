import type { Joined, Left, RelayLimits, Welcome } from '../../shared/protocol/control.ts';
import { FRAME_CLASS, TO_ALL } from '../../shared/protocol/frame.ts';
import type { FrameClass } from '../../shared/protocol/frame.ts';
import type { Grant } from './api-types.ts';
import { Emitter } from './emitter.ts';
import { AnteroomError } from './errors.ts';
import { buildFrame, checkOutgoing, readFrame } from './frames.ts';
import { Members } from './members.ts';
import type { Change } from './members.ts';
import { Session } from './session.ts';
import type { SessionDeps } from './session.ts';
import { LONGEST_WAIT_MS } from './timings.ts';
import type { ConnectionState, Frame, Member, Room, RoomEvents, Security, SendOptions } from './types.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A room over a {@link Session}: members, frames and events. */
export class ConnectedRoom implements Room {
  readonly room_id: string;
  readonly client_id: string;
  /** See {@link Session.ready}. */
  readonly ready: Promise<void>;
  readonly #session: Session;
  readonly #members: Members;
  readonly #away_ms: number;
  readonly #emitter = new Emitter<RoomEvents>();
  #slot = TO_ALL;
  #limits: RelayLimits | undefined;

  constructor(grant: Grant, deps: SessionDeps) {
    this.room_id = grant.room_id;
    this.client_id = grant.client_id;
    this.#members = new Members(grant.client_id, (change) => this.#announce([change]));
    this.#away_ms = deps.timings.away_ms;
    this.#session = new Session(grant, deps, {
      state: (state) => this.#state(state),
      welcome: (welcome) => this.#welcome(welcome),
      peer: (message) => this.#peer(message),
      frame: (bytes) => this.#frame(bytes),
      fault: (error) => this.#emitter.emit('error', { error }),
    });
    this.ready = this.#session.ready;
  }

  get max_clients(): number {
    return this.#session.grant.max_clients;
  }

  get seat(): Room['seat'] {
    const { room_id, client_id, ticket } = this.#session.grant;
    return { room_id, client_id, ticket };
  }

  get state(): ConnectionState {
    return this.#session.state;
  }

  get members(): readonly Member[] {
    return this.#members.list;
  }

  get security(): Security {
    return { status: 'unencrypted' };
  }

  get limits(): RelayLimits | undefined {
    return this.#limits;
  }

  get bufferedAmount(): number {
    return this.#session.bufferedAmount;
  }

  on<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  send(frame_class: FrameClass, payload: Uint8Array, options: SendOptions = {}): boolean {
    checkOutgoing(frame_class, payload, options, this.#limits);
    if (this.state.status !== 'live') return false;
    const destination = options.to === undefined ? TO_ALL : this.#members.slotOf(options.to);
    if (destination === undefined) return false;
    return this.#session.send(buildFrame(frame_class, payload, options, this.#slot, destination));
  }

  sendText(text: string, options?: Pick<SendOptions, 'to'>): boolean {
    return this.send(FRAME_CLASS.MSG, encoder.encode(text), options);
  }

  leave(): Promise<void> {
    return this.#session.leave();
  }

  #state(state: ConnectionState): void {
    if (state.status !== 'live') this.#members.pause();
    this.#emitter.emit('state', state);
  }

  #welcome({ slot, limits, clients, resume_grace_ms }: Welcome): () => void {
    this.#slot = slot;
    this.#limits = limits;
    const away_ms = Math.min(Math.max(resume_grace_ms, this.#away_ms), LONGEST_WAIT_MS);
    const changes = this.#members.welcome(clients, away_ms);
    return () => this.#announce(changes);
  }

  #peer(message: Joined | Left): void {
    this.#announce(
      message.type === 'joined'
        ? this.#members.joined(message)
        : this.#members.left(message.client_id, message.reason),
    );
  }

  #announce(changes: readonly Change[]): void {
    for (const change of changes) {
      // A listener may have left the room by now.
      if (this.state.status === 'closed') return;
      if (change.event === 'joined') this.#emitter.emit('joined', change.value);
      else this.#emitter.emit('left', change.value);
    }
  }

  #frame(bytes: Uint8Array<ArrayBuffer>): void {
    const reading = readFrame(bytes, this.#slot, this.#members);
    if (reading.kind === 'refused') {
      const { message, from } = reading;
      const error = new AnteroomError('protocol', message);
      this.#emitter.emit('error', from === undefined ? { error } : { error, from });
      return;
    }
    const { frame } = reading;
    this.#emitter.emit('frame', frame);
    if (frame.class === FRAME_CLASS.MSG) this.#message(frame);
  }

  #message({ from, payload, unicast }: Frame): void {
    // The listener of `frame` may have left the room.
    if (this.state.status === 'closed') return;
    this.#emitter.emit('message', { from, data: payload, text: () => decoder.decode(payload), unicast });
  }
}
