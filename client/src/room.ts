import type { Joined, Left, RelayLimits, Welcome } from '../../shared/protocol/control.ts';
import { FRAME_CLASS } from '../../shared/protocol/frame.ts';
import type { FrameClass } from '../../shared/protocol/frame.ts';
import type { Standing } from './e2ee/channel.ts';
import type { Hint } from './engine/engine.ts';
import { Emitter } from './emitter.ts';
import { AnteroomError } from './errors.ts';
import { checkOutgoing, outgoing } from './frames.ts';
import type { OpenGrant } from './grant.ts';
import { Members } from './members.ts';
import type { Change } from './members.ts';
import { NOBODY_YET, sameSecurity, securityOf, UNENCRYPTED } from './security.ts';
import { Session } from './session.ts';
import type { SessionDeps, SessionEvents } from './session.ts';
import { LONGEST_WAIT_MS } from './timings.ts';
import { errorOfTrouble } from './troubles.ts';
import type { ConnectionState, Frame, Member, Room, RoomEvents, Security, SendOptions } from './types.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const NO_CONGESTION: RoomEvents['congested'] = { level: 0, receivers: 0 };

/** A room over a {@link Session}: members, frames and events. */
export class ConnectedRoom implements Room {
  readonly room_id: string;
  readonly client_id: string;
  /** See {@link Session.ready}. */
  readonly ready: Promise<void>;
  protected readonly session: Session;
  protected readonly emitter = new Emitter<RoomEvents>();
  readonly #sealed: boolean;
  readonly #members: Members;
  readonly #away_ms: number;
  #limits: RelayLimits | undefined;
  #security: Security;
  #congestion: RoomEvents['congested'] = NO_CONGESTION;

  constructor(grant: OpenGrant, deps: SessionDeps) {
    this.room_id = grant.room_id;
    this.client_id = grant.client_id;
    this.#sealed = deps.sealing !== undefined;
    this.#security = this.#sealed ? NOBODY_YET : UNENCRYPTED;
    this.#members = new Members(grant.client_id, (change) => this.#announce([change]));
    this.#away_ms = deps.timings.away_ms;
    this.session = new Session(grant, deps, this.#sessionEvents());
    this.ready = this.session.ready;
  }

  get max_clients(): number {
    return this.session.grant.max_clients;
  }

  get seat(): Room['seat'] {
    const { room_id, client_id, ticket } = this.session.grant;
    return { room_id, client_id, ticket };
  }

  get state(): ConnectionState {
    return this.session.state;
  }

  get members(): readonly Member[] {
    return this.#members.list;
  }

  get security(): Security {
    return this.#security;
  }

  get limits(): RelayLimits | undefined {
    return this.#limits;
  }

  get bufferedAmount(): number {
    return this.session.bufferedAmount;
  }

  on<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): () => void {
    return this.emitter.on(event, listener);
  }

  send(frame_class: FrameClass, payload: Uint8Array, options: SendOptions = {}): boolean {
    checkOutgoing(frame_class, payload, options, { limits: this.#limits, sealed: this.#sealed });
    if (!this.#canSend(frame_class, options.to)) return false;
    this.session.send(outgoing(frame_class, payload, options));
    return true;
  }

  sendText(text: string, options?: Pick<SendOptions, 'to'>): boolean {
    return this.send(FRAME_CLASS.MSG, encoder.encode(text), options);
  }

  leave(): Promise<void> {
    return this.session.leave();
  }

  #sessionEvents(): SessionEvents {
    return {
      state: (state) => this.#state(state),
      securing: ({ limits }) => {
        this.#limits = limits;
      },
      welcome: (welcome) => this.#welcome(welcome),
      peer: (message) => this.#peer(message),
      frame: (frame) => this.#frame(frame),
      standing: (standing) => this.#standing(standing),
      trouble: (trouble) => this.emitter.emit('error', errorOfTrouble(trouble)),
      fault: (message, from) => {
        const error = new AnteroomError('protocol', message);
        this.emitter.emit('error', from === undefined ? { error } : { error, from });
      },
      arrived: ({ limits }) => {
        this.#limits = limits;
      },
      hint: (hint) => this.#hint(hint),
      move: (move) => this.moved(move),
      isMember: (client_id) => this.#members.find(client_id) !== undefined,
    };
  }

  /** Only sealed rooms are invited elsewhere. */
  protected moved(_move: Parameters<SessionEvents['move']>[0]): void {}

  /** Whether a frame can go out now. Messages may also wait for the keys. */
  #canSend(frame_class: FrameClass, to: string | undefined): boolean {
    const { status } = this.state;
    const may_wait = this.#sealed && frame_class === FRAME_CLASS.MSG;
    if (status !== 'live' && !(status === 'securing' && may_wait)) return false;
    if (to === undefined) return true;
    const member = this.#members.find(to);
    if (member === undefined) return false;
    if (this.#security.status === 'unencrypted' || member.sealed) return true;
    return may_wait && this.#security.securing.includes(to);
  }

  #state(state: ConnectionState): void {
    if (state.status !== 'live') this.#members.pause();
    this.emitter.emit('state', state);
  }

  #welcome({ limits, clients, resume_grace_ms }: Welcome): () => void {
    this.#limits = limits;
    const away_ms = Math.min(Math.max(resume_grace_ms, this.#away_ms), LONGEST_WAIT_MS);
    const changes = this.#members.welcome(clients, away_ms);
    return () => {
      this.#announce(changes);
      // The relay of this connection has yet to say otherwise.
      if (this.state.status !== 'closed') this.#congested(NO_CONGESTION);
    };
  }

  #peer(message: Joined | Left): void {
    this.#announce(
      message.type === 'joined'
        ? this.#members.joined(message.client_id)
        : this.#members.left(message.client_id, message.reason),
    );
  }

  #announce(changes: readonly Change[]): void {
    for (const change of changes) {
      // A listener may have left the room by now.
      if (this.state.status === 'closed') return;
      if (change.event === 'joined') this.emitter.emit('joined', change.value);
      else this.emitter.emit('left', change.value);
    }
  }

  #hint(hint: Hint): void {
    switch (hint.kind) {
      case 'keyframe':
        this.emitter.emit('keyframe', { stream: hint.stream });
        return;
      case 'congested':
        this.#congested({ level: hint.level, receivers: hint.receivers });
        return;
      case 'dropped': {
        const { from, class: frame_class, stream, count } = hint;
        // The application does not know of this client yet, or any more.
        if (this.#members.find(from) === undefined) return;
        this.emitter.emit('dropped', { from, class: frame_class, stream, count });
        return;
      }
    }
  }

  #congested(congestion: RoomEvents['congested']): void {
    const { level, receivers } = this.#congestion;
    if (congestion.level === level && congestion.receivers === receivers) return;
    this.#congestion = congestion;
    this.emitter.emit('congested', congestion);
  }

  #standing(standing: Standing): void {
    this.#members.seal(standing.sealed);
    const security = securityOf(standing);
    if (sameSecurity(security, this.#security)) return;
    this.#security = security;
    this.emitter.emit('security', security);
  }

  #frame(frame: Frame): void {
    this.emitter.emit('frame', frame);
    if (frame.class === FRAME_CLASS.MSG) this.#message(frame);
  }

  #message({ from, payload, unicast }: Frame): void {
    // The listener of `frame` may have left the room.
    if (this.state.status === 'closed') return;
    this.emitter.emit('message', { from, data: payload, text: () => decoder.decode(payload), unicast });
  }
}
